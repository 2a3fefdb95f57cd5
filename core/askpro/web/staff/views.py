"""What the staff's pages are given: one frozen dataclass a template, as in ``portal.views``.

States come as finished badges (``labels.badge``): the words for staff differ from those for customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from askpro.money import Money
from askpro.web.portal.frame import FieldError, Filter, Link, Option, Pager
from askpro.web.staff.limit_views import Use
from askpro.web.staff.payment_views import PaymentRow
from askpro.web.theme.labels import Badge

__all__ = (
    "AdjustCheckPage", "AdjustPage", "AdjustmentPage", "AdjustmentRow", "AdjustmentsPage", "CreditRow",
    "CustomerPage", "CustomerRow", "CustomersPage", "OwnFunds", "PromoCheckPage", "PromoPage", "RuleFacts",
    "StartPage", "Task",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for somebody: how often, what, until when, and where it is dealt with."""

    count: int
    text: str
    url: str
    badge: Badge
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OwnFunds:
    """What the reseller has paid in advance, and what of it is set aside for calls in progress."""

    available: Money
    balance: Money
    held: Money
    low: bool


@dataclass(frozen=True, slots=True)
class StartPage:
    """What needs attention; ``unsure``: not everything could be asked just now. ``funds`` None: it pays afterwards."""

    name: str
    tasks: tuple[Task, ...]
    unsure: bool = False
    funds: OwnFunds | None = None


# customers


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """``available`` is what can be spent."""

    number: str
    name: str
    email: str
    url: str
    badge: Badge
    available: Money


@dataclass(frozen=True, slots=True)
class CustomersPage:
    """By number."""

    filter: Filter
    rows: tuple[CustomerRow, ...]
    pager: Pager


@dataclass(frozen=True, slots=True)
class CreditRow:
    """What is left of a bonus credit. ``last_day``: on which it can be used; empty: it does not expire."""

    reason: str
    rest: Money
    granted: Money
    last_day: str


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """The customer's automatic top-up in words."""

    badge: Badge
    text: str
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One customer. ``credits`` are bonuses not used up; ``rule`` None: there is no automatic top-up."""

    number: str
    name: str
    email: str
    badge: Badge
    back_url: str
    balance: Money
    held: Money
    credit_line: Money
    available: Money
    payments: tuple[PaymentRow, ...]
    payments_url: str
    adjustments: tuple[AdjustmentRow, ...]
    credits: tuple[CreditRow, ...]
    adjust_url: str
    promo_url: str
    limits: tuple[Use, ...]
    limits_url: str
    rule: RuleFacts | None = None
    resume_action: str = ""
    frozen: bool = False
    closed: bool = False


# adjustments and bonus credit


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A change of a balance by hand."""

    url: str
    customer: str
    reason: str
    at: datetime
    badge: Badge
    amount: Money
    who: str
    bonus: bool = False


@dataclass(frozen=True, slots=True)
class AdjustmentsPage:
    """Latest first; ``views`` switches between those that wait and all."""

    rows: tuple[AdjustmentRow, ...]
    views: tuple[Option, ...]
    pager: Pager
    waiting_only: bool


@dataclass(frozen=True, slots=True)
class AdjustmentPage:
    """One of them. ``why_not``: why this reader may not decide it; empty: the forms are shown.

    ``bonus``: it is bonus credit, to be used until ``expires`` (the last day; empty: no end).
    """

    customer: Link
    back_url: str
    badge: Badge
    amount: Money
    reason: str
    who: str
    at: datetime
    before: Money
    after: Money
    attachment: Link | None
    waiting: bool
    why_not: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    decision: str = ""
    approve_action: str = ""
    reject_action: str = ""
    typed: str = ""
    errors: tuple[FieldError, ...] = ()
    bonus: bool = False
    expires: str = ""


@dataclass(frozen=True, slots=True)
class AdjustPage:
    """A new one. Fields: direction (``credit`` or ``debit``), amount, reason. ``limit_note``: when two are needed."""

    action: str
    back_url: str
    customer: str
    balance: Money
    limit_note: str
    direction: str = ""
    amount: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class AdjustCheckPage:
    """Before it is booked or proposed; here the paper is attached. ``second``: somebody else has to approve it."""

    action: str
    back_url: str
    customer: str
    amount: Money
    reason: str
    before: Money
    after: Money
    second: bool
    idempotency_key: str
    fields: tuple[tuple[str, str], ...]
    attachment_note: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class PromoPage:
    """Bonus credit. Fields: amount, expires (ISO date or empty), reason. ``limit_note``: when two people are needed."""

    action: str
    back_url: str
    customer: str
    currency: str
    earliest: str
    limit_note: str = ""
    amount: str = ""
    expires: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class PromoCheckPage:
    """Before it is granted. ``expires``: the last day on which it can be used; ``second``: somebody else approves."""

    action: str
    back_url: str
    customer: str
    amount: Money
    expires: str
    reason: str
    before: Money
    after: Money
    idempotency_key: str
    fields: tuple[tuple[str, str], ...]
    second: bool = False
