"""What leaves the house through API v2, and what may come in.

Money has one form everywhere: the exact amount with six decimals as a text, and its ISO 4217 currency, as in
``{"amount": "12.340000", "currency": "EUR"}``. Instants are RFC 3339 with an offset (ours: UTC), days ISO 8601.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from askpro.calls.events import Reason, UsageEvent
from askpro.people.model import CustomerStatus
from askpro.web.pagination import DEFAULT_LIMIT, MAX_LIMIT

__all__ = (
    "MOST_EVENTS",
    "Balance",
    "CallDetail",
    "CallPage",
    "CallQuery",
    "CallSummary",
    "Cursor",
    "Customer",
    "CustomerNew",
    "CustomerPage",
    "CustomerPatch",
    "CustomerQuery",
    "Limit",
    "Money",
    "Next",
    "PriceStep",
    "Transaction",
    "TransactionPage",
    "TransactionQuery",
    "UsageBatch",
    "UsageOutcome",
    "UsageReport",
    "amount",
    "given",
    "money",
)  # fmt: skip

MOST_EVENTS = 1_000
"""Reports in one request."""

Cursor = Annotated[str, Meta(max_length=512, description="`next` of the page before.")]
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="Entries on a page.")]
T = TypeVar("T")

Amount = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{6}$", examples=["12.340000"])]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]
Text = Annotated[str, Meta(max_length=254)]
Next = Annotated[str | None, Meta(description="Cursor of the next page; null on the last.")]


class Money(Struct, frozen=True, gc=False):
    """An exact amount: six decimals, never rounded to cents."""

    amount: Amount
    currency: Currency


def amount(units: int) -> str:
    """Ledger units (10⁻⁶) as a decimal text."""
    whole, part = divmod(abs(units), 1_000_000)
    return f"{'-' if units < 0 else ''}{whole}.{part:06d}"


def money(units: int, currency: str) -> Money:
    """Ledger units as money."""
    return Money(amount(units), currency)


def given(value: T | UnsetType) -> T | None:
    """What a request said; None where it said nothing. (A parameter cannot say ``null``.)"""
    return None if value is UNSET else value


# customers


class Customer(Struct, frozen=True):
    """Who tops up and is charged."""

    id: UUID
    number: str
    name: str
    email: str
    currency: Currency
    locale: Annotated[str, Meta(description="Empty: the reseller's.")]
    plan_id: UUID | None
    status: CustomerStatus
    created_at: datetime


class CustomerPage(Struct, frozen=True):
    """Customers by number."""

    items: list[Customer]
    next: Next


class CustomerQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of the list of customers."""

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    search: Annotated[str, Meta(max_length=100, description="Part of number, name or e-mail.")] = ""
    status: CustomerStatus | UnsetType = UNSET


class CustomerNew(Struct, frozen=True, forbid_unknown_fields=True):
    """A customer to take on. Number and currency are for ever."""

    number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,39}$")]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    email: Text = ""
    locale: Annotated[str, Meta(max_length=20, description="Language; empty: the reseller's.")] = ""
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$", description="Of the wallet; empty: the reseller's.")] = ""
    plan_id: UUID | None = None


class CustomerPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is. A closed customer stays closed."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    email: Text | UnsetType = UNSET
    locale: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    status: CustomerStatus | UnsetType = UNSET


# balance and transactions


class Balance(Struct, frozen=True):
    """A customer's wallet. ``available`` = balance - held + credit line."""

    customer_id: UUID
    balance: Money
    available: Money
    held: Annotated[Money, Meta(description="Set aside for calls in progress.")]
    credit_line: Annotated[Money, Meta(description="How far below zero it may go.")]
    overrun: Annotated[Money, Meta(description="What booked calls cost beyond what the wallet could cover.")]
    frozen: bool
    at: datetime


class Transaction(Struct, frozen=True):
    """A line of the wallet's statement; ``balance`` is the running balance after it."""

    id: UUID
    kind: str
    amount: Annotated[Money, Meta(description="Negative: out of the wallet.")]
    balance: Money
    day: Annotated[date, Meta(description="Civil day in the reseller's time zone.")]
    occurred_at: datetime
    booked_at: datetime
    calls: Annotated[int, Meta(description="How many calls it sums up.")]
    reason: str
    reverses: Annotated[UUID | None, Meta(description="The transaction this one takes back.")]


class TransactionPage(Struct, frozen=True):
    """Transactions, latest first."""

    items: list[Transaction]
    next: Next


class TransactionQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of a statement: civil days ``[since, until)``."""

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    since: date | UnsetType = UNSET
    until: date | UnsetType = UNSET
    kind: Annotated[str, Meta(max_length=40)] = ""


# calls


class CallSummary(Struct, frozen=True):
    """A booked call."""

    id: UUID
    external_id: Annotated[str, Meta(description="The source's own id.")]
    source: str
    customer_id: UUID
    direction: Literal["inbound", "outbound"]
    from_number: Annotated[str | None, Meta(description="Null once its retention time is over.")]
    to_number: str | None
    began_at: datetime
    answered: bool
    talk_ms: Annotated[int | None, Meta(description="From answer to end; null: not answered.")]
    billed_seconds: int
    tokens: int
    bookings: int
    price: Money
    overrun: Money
    balance_after: Money
    wholesale: Annotated[Money, Meta(description="What the reseller pays for it.")]
    commission: Annotated[Money, Meta(description="What the reseller earns of it.")]
    booked_at: datetime


class PriceStep(Struct, frozen=True):
    """One step of the way to the price."""

    kind: str
    text: Annotated[str, Meta(description="The step in the reader's language (Accept-Language).")]
    values: dict[str, str]


class CallDetail(CallSummary, frozen=True):
    """A booked call, and how its price comes about."""

    price_list_id: Annotated[UUID | None, Meta(description="The stack of price list versions it was rated with.")]
    used_seconds_before: Annotated[int, Meta(description="The month's counted seconds before this call.")]
    steps: list[PriceStep]
    recomputed: Annotated[Money | None, Meta(description="The price computed again; null: not possible.")]


class CallPage(Struct, frozen=True):
    """Calls, latest first."""

    items: list[CallSummary]
    next: Next


class CallQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of the list of calls: instants ``[since, until)``.

    Without ``customer`` at most 31 days at a time, by default the last 31.
    """

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    customer: UUID | UnsetType = UNSET
    direction: Literal["inbound", "outbound"] | UnsetType = UNSET
    answered: bool | UnsetType = UNSET
    since: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    until: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


# usage


class UsageBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Finished calls to be booked."""

    events: Annotated[list[UsageEvent], Meta(min_length=1, max_length=MOST_EVENTS)]


class UsageOutcome(Struct, frozen=True):
    """The answer for one event. ``balance_after``: the wallet after this call.

    `duplicate` repeats what was said of the first report: price, seconds, balance and overrun, or the refusal's reason.
    """

    id: str
    status: Literal["booked", "duplicate", "conflict", "refused"]
    reason: Annotated[str, Meta(description=f"Why it was not booked: {', '.join(Reason)}.")] = ""
    detail: str = ""
    price: Money | None = None
    balance_after: Money | None = None
    overrun: Annotated[Money | None, Meta(description="What the wallet could not cover; absent: nothing.")] = None
    billed_seconds: int | None = None


class UsageReport(Struct, frozen=True):
    """One result for each event, in the order they were sent."""

    results: list[UsageOutcome]
