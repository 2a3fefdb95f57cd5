"""Payments, refunds and disputes as API v2 shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from askpro.payments.model import Origin
from askpro.payments.refund_state import RefundState
from askpro.payments.state import OrderState
from askpro.web.api.adjustment_schemas import MoneyGiven
from askpro.web.api.schemas import Cursor, Limit, Money, Next
from askpro.web.pagination import DEFAULT_LIMIT

__all__ = (
    "Dispute",
    "Payment",
    "PaymentDetail",
    "PaymentPage",
    "PaymentQuery",
    "Refund",
    "RefundNew",
    "Refundable",
)


class Payment(Struct, frozen=True):
    """A top-up: `net` becomes credit, `gross` is paid."""

    id: UUID
    reference: str
    customer_id: UUID
    state: OrderState
    reason: Annotated[str, Meta(description="Why there was no money, machine readable; empty otherwise.")]
    net: Money
    tax: Money
    gross: Money
    provider: str
    method: Annotated[str, Meta(description="What paid, as people know it.")]
    origin: Annotated[
        Origin,
        Meta(description="`checkout`: the customer paid on the provider's page; `auto`: by the rule of auto-top-up."),
    ]
    created_at: datetime
    settled_at: datetime | None


class PaymentPage(Struct, frozen=True):
    """Payments, latest first."""

    items: list[Payment]
    next: Next


class PaymentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of the list of payments."""

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    customer: UUID | UnsetType = UNSET
    state: OrderState | UnsetType = UNSET
    search: Annotated[str, Meta(max_length=100, description="Part of reference, customer's number or name.")] = ""


class Refund(Struct, frozen=True):
    """Money that goes back: `net` has left the wallet, `gross` goes to the customer.

    *new*: about to be sent; *unknown*: the provider's answer is missing and is looked up; *declined*: the credit is
    back in the wallet.
    """

    id: UUID
    payment_id: UUID
    state: RefundState
    net: Money
    tax: Money
    gross: Money
    reason: str
    code: Annotated[str, Meta(description="Why it was declined, machine readable.")]
    origin: Annotated[Literal["ours", "provider"], Meta(description="`provider`: made at the provider's own desk.")]
    created_at: datetime
    settled_at: datetime | None


class Dispute(Struct, frozen=True):
    """A bank's claim to a payment. `taken` is what the wallet has given for it at present."""

    id: UUID
    state: Literal["open", "withdrawn", "won", "lost"]
    amount: Money
    taken: Money
    reason: str
    answer_by: datetime | None
    created_at: datetime
    closed_at: datetime | None


class Refundable(Struct, frozen=True):
    """What can be paid back now. `reason` says why it is nothing."""

    net: Money
    tax: Money
    gross: Money
    whole_only: bool
    reason: str


class PaymentDetail(Struct, frozen=True):
    """A payment with all that went back of it."""

    payment: Payment
    refundable: Refundable
    refunds: list[Refund]
    disputes: list[Dispute]
    fee: Annotated[
        Money | None,
        Meta(description="What the provider keeps of it, in its account's currency; null: it has not said."),
    ]


class RefundNew(Struct, frozen=True, forbid_unknown_fields=True):
    """What to pay back: `net` leaves the wallet, its tax is added to what the customer gets."""

    net: MoneyGiven
    reason: Annotated[str, Meta(max_length=500)] = ""
