"""What the staff's pages of payments, refunds and disputes are given, as in ``views``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from askpro.money import Money
from askpro.web.portal.frame import FieldError, Filter, Link, Option, Pager
from askpro.web.theme.labels import Badge

__all__ = (
    "AttemptRow", "DisputePage", "DisputeRow", "DisputesPage", "PaymentPage", "PaymentRow", "PaymentsPage",
    "RefundCheckPage", "RefundPage", "RefundRow", "Step",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A step on a thing's way, done or still to come."""

    text: str
    at: datetime | None
    done: bool


# payments


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """An order: what was to be paid, taxes included. ``remark``: what somebody has to look at."""

    reference: str
    customer: str
    url: str
    at: datetime
    badge: Badge
    gross: Money
    how: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PaymentsPage:
    """Latest first. ``page_sum``: what was paid of the rows shown."""

    filter: Filter
    rows: tuple[PaymentRow, ...]
    pager: Pager
    csv_url: str
    page_sum: Money
    whose: Link | None = None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A try to collect."""

    key: str
    provider_ref: str
    at: datetime
    badge: Badge
    asked: int


@dataclass(frozen=True, slots=True)
class RefundRow:
    """Money on its way back. ``remark``: why not, or whose idea it was."""

    at: datetime
    badge: Badge
    gross: Money
    net: Money
    reason: str
    who: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """One payment. ``refundable``: what can still be paid back, as credit; ``why_not`` says why no more, or nothing.

    ``ask_action``: where to have the provider asked; empty when nothing is waited for. ``fee``: what the provider keeps
    of it, as far as it says so.
    """

    reference: str
    customer: Link
    back_url: str
    badge: Badge
    net: Money
    tax: Money
    gross: Money
    tax_rate: Decimal
    method: str
    provider: str
    origin: str
    created_at: datetime
    settled_at: datetime | None
    steps: tuple[Step, ...]
    attempts: tuple[AttemptRow, ...]
    refunds: tuple[RefundRow, ...]
    disputes: tuple[DisputeRow, ...]
    refundable: Money | None
    refund_url: str
    ask_action: str = ""
    why_not: str = ""
    reason: str = ""
    flag: str = ""
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class RefundPage:
    """How much, and why. Fields: part (``whole`` or ``part``), amount, reason. Amounts are credit, without tax."""

    action: str
    back_url: str
    reference: str
    customer: str
    paid: Money
    refundable: Money
    note: str
    only_whole: bool
    part: str = "whole"
    amount: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundCheckPage:
    """Before money goes back: what the customer gets, what leaves the wallet, and what it holds then."""

    action: str
    back_url: str
    reference: str
    customer: str
    method: str
    reason: str
    net: Money
    tax: Money
    gross: Money
    before: Money
    after: Money
    idempotency_key: str
    fields: tuple[tuple[str, str], ...]


# disputes


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A bank that wants money back. ``answer_by``: until when it listens."""

    reference: str
    customer: str
    url: str
    at: datetime
    badge: Badge
    amount: Money
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputesPage:
    """Latest first; ``views`` switches between the open ones and all."""

    rows: tuple[DisputeRow, ...]
    views: tuple[Option, ...]
    pager: Pager
    open_only: bool


@dataclass(frozen=True, slots=True)
class DisputePage:
    """One dispute. ``release_action``: where to release the wallet that it keeps locked; empty: it does not."""

    reference: str
    ref: str
    provider: str
    customer: Link
    payment: Link
    back_url: str
    badge: Badge
    amount: Money
    reason: str
    steps: tuple[Step, ...]
    answer_by: datetime | None
    late: bool
    fee: Money | None
    taken: Money
    frozen: bool
    release_action: str = ""
    released_at: datetime | None = None
    typed: str = ""
    errors: tuple[FieldError, ...] = ()
