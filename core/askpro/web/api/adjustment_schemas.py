"""Bookings by hand and promotional credit, as they leave the house and come in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from askpro import money
from askpro.wallets import adjustments, promo
from askpro.wallets.attachments import LARGEST, Attachment
from askpro.web.api.schemas import Cursor, Limit, Money, Next
from askpro.web.api.schemas import money as shown
from askpro.web.pagination import DEFAULT_LIMIT

__all__ = (
    "Adjustment", "AdjustmentNew", "AdjustmentPage", "AdjustmentQuery", "AdjustmentRejection", "AttachmentContent",
    "AttachmentNew", "Credit", "CreditNew", "CreditPage", "CreditQuery", "MoneyGiven", "adjustment_of", "credit_of",
)  # fmt: skip

Reason = Annotated[str, Meta(min_length=3, max_length=500, description="The customer reads it in the statement.")]


class MoneyGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """An exact amount, with up to six decimals."""

    amount: Annotated[str, Meta(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$", examples=["12.50"])]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]

    @property
    def value(self) -> money.Money:
        return money.Money.of(Decimal(self.amount), self.currency)


class AttachmentNew(Struct, frozen=True, forbid_unknown_fields=True):
    """A paper: PDF, PNG, JPEG, plain text (UTF-8) or EML, as its bytes say; 5 MB at most."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    content: Annotated[bytes, Meta(max_length=LARGEST, description="In base64.")]

    @property
    def value(self) -> Attachment:
        return Attachment(self.name, self.content)


class AdjustmentNew(Struct, frozen=True, forbid_unknown_fields=True):
    """A booking by hand; an amount above zero goes into the wallet, below zero out of it."""

    customer_id: UUID
    amount: MoneyGiven
    reason: Reason
    attachment: AttachmentNew | None = None


class Adjustment(Struct, frozen=True):
    """A booking by hand. ``decided_by`` empty and booked: it lay within what one person may book alone.

    Of kind ``promo`` it is promotional credit beyond that limit; once booked, ``transaction_id`` is the credit's id.
    """

    id: UUID
    customer_id: UUID
    amount: Annotated[Money, Meta(description="Below zero: out of the wallet.")]
    reason: str
    state: adjustments.AdjustmentState
    proposed_by: str
    created_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: Annotated[str, Meta(description="Why it was rejected.")]
    attachment_name: str
    transaction_id: UUID | None
    balance_before: Annotated[Money | None, Meta(description="The wallet's when it was booked.")]
    balance_after: Money | None
    kind: adjustments.AdjustmentKind
    priority: Annotated[int, Meta(description="Of promotional credit: what is lower is used first.")]
    expires_at: Annotated[datetime | None, Meta(description="Of promotional credit: when the rest expires.")]


class AdjustmentPage(Struct, frozen=True):
    """Adjustments, latest first."""

    items: list[Adjustment]
    next: Next


class AdjustmentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of the list of adjustments."""

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    customer: UUID | UnsetType = UNSET
    state: Literal["waiting", "booked", "rejected"] | UnsetType = UNSET


class AdjustmentRejection(Struct, frozen=True, forbid_unknown_fields=True):
    """Why not."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class AttachmentContent(Struct, frozen=True):
    """A paper with the type that its bytes have."""

    name: str
    media_type: str
    sha256: Annotated[str, Meta(description="Of the bytes, in hexadecimal.")]
    content: Annotated[bytes, Meta(description="In base64.")]


class CreditNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Promotional credit for a customer."""

    amount: MoneyGiven
    reason: Reason
    expires_on: Annotated[
        date | None,
        Meta(description="The last day it can be used, in the reseller's time zone; null: always."),
    ]
    priority: Annotated[int, Meta(ge=-1000, le=1000, description="What is lower is used first.")] = 0


class Credit(Struct, frozen=True):
    """Promotional credit; what is not used when its time is over expires.

    What is ``waiting`` for a second person, or was ``rejected``, is not given: the adjustment of the same id says more.
    """

    id: UUID
    customer_id: UUID
    amount: Money
    rest: Annotated[Money, Meta(description="Neither used nor expired.")]
    expired: Money
    priority: int
    expires_at: datetime | None
    reason: str
    granted_by: str
    created_at: datetime
    state: promo.PromoState


class CreditPage(Struct, frozen=True):
    """Promotional credit, latest first."""

    items: list[Credit]
    next: Next


class CreditQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Filters of the list of promotional credit."""

    cursor: Cursor = ""
    limit: Limit = DEFAULT_LIMIT
    open: Annotated[bool, Meta(description="Only what has something left.")] = False


def adjustment_of(one: adjustments.Adjustment) -> Adjustment:
    """As it leaves the house."""
    before, after = one.balance_before, one.balance_after
    return Adjustment(
        one.id, one.customer_id, shown(one.amount.units, one.amount.currency), one.reason, one.state, one.by,
        one.created_at, one.decided_by, one.decided_at, one.decision, one.attachment_name, one.transfer_id,
        shown(before.units, before.currency) if before else None, shown(after.units, after.currency) if after else None,
        one.kind, one.priority, one.expires_at,
    )  # fmt: skip


def credit_of(one: promo.Promo) -> Credit:
    """As it leaves the house."""
    currency = one.amount.currency
    return Credit(
        one.id, one.customer_id, shown(one.amount.units, currency), shown(one.rest.units, currency),
        shown(one.expired.units, currency), one.priority, one.expires_at, one.reason, one.by, one.created_at,
        one.state,
    )  # fmt: skip
