"""What the rest of the house knows of refunds and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from askpro.money import Money
from askpro.payments.refund_state import Life, RefundState

__all__ = ("DISPUTE", "Dispute", "Refund", "Refundable", "dispute_of", "refund_of")


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of an order can be paid back now; all zero: nothing, and ``why`` says why (a code)."""

    net: Money
    tax: Money
    gross: Money
    why: str = ""
    whole_only: bool = False
    """The provider pays back nothing less than the whole."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund. ``net`` left the wallet, ``gross`` goes to the customer; ``id`` is the key the provider knows it by.

    ``origin`` *provider*: somebody made it at the provider's own desk. A *declined* refund with ``settled_at`` came
    back from the bank.
    """

    id: UUID
    order_id: UUID
    net: Money
    tax: Money
    gross: Money
    state: RefundState
    reason: str
    code: str
    origin: Literal["ours", "provider"]
    provider: str
    provider_ref: str
    by: str
    created_at: datetime
    settled_at: datetime | None
    attempt_id: UUID
    closed: bool
    taken: bool
    transfers: tuple[UUID, ...]
    look_ups: int
    sent_at: datetime | None = None
    """When somebody last began to hand it to the provider."""

    @property
    def life(self) -> Life:
        """For ``refund_state``."""
        return Life(self.state, self.closed)

    @property
    def key(self) -> str:
        """What the provider is asked by; empty for one it made itself."""
        return str(self.id) if self.origin == "ours" else ""


DISPUTE = (
    "d.id, d.order_id, d.wallet_id, o.customer_id, o.reference, d.provider, d.ref, d.currency, d.amount, d.state,"
    " d.reason, d.fee, d.fee_currency, d.answer_by, d.froze, d.net, d.tax, d.clawed, d.reinstated, d.transfers,"
    " d.released_at, d.created_at, d.changed_at, d.closed_at, d.look_ups"
)
"""The columns of a Dispute, of ``payments.dispute d join payments.orders o``."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A bank's claim to a payment. ``net`` and ``tax`` are what is taken out of the books for it at present.

    ``froze``: it keeps the wallet frozen.
    """

    id: UUID
    order_id: UUID
    wallet_id: UUID
    customer_id: UUID
    reference: str
    provider: str
    ref: str
    amount: Money
    state: Literal["open", "withdrawn", "won", "lost"]
    reason: str
    fee: Money | None
    answer_by: datetime | None
    froze: bool
    net: Money
    tax: Money
    clawed: Money
    reinstated: Money
    transfers: tuple[UUID, ...]
    released_at: datetime | None
    created_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    look_ups: int


def refund_of(row: Mapping[str, Any]) -> Refund:
    """A row of payments.refund."""
    currency = row["currency"]
    return Refund(
        row["id"], row["order_id"], Money(row["net"], currency), Money(row["tax"], currency),
        Money(row["gross"], currency), row["state"], row["reason"], row["code"], row["origin"], row["provider"],
        row["provider_ref"] or "", row["by"], row["created_at"], row["settled_at"], row["attempt_id"], row["closed"],
        row["taken"], tuple(row["transfers"]), row["look_ups"], row["sent_at"],
    )  # fmt: skip


def dispute_of(row: Mapping[str, Any]) -> Dispute:
    """A row with the columns of ``DISPUTE``."""
    currency = row["currency"]
    return Dispute(
        row["id"], row["order_id"], row["wallet_id"], row["customer_id"], row["reference"], row["provider"], row["ref"],
        Money(row["amount"], currency), row["state"], row["reason"],
        Money(row["fee"], row["fee_currency"]) if row["fee"] is not None else None, row["answer_by"], row["froze"],
        Money(row["net"], currency), Money(row["tax"], currency), Money(row["clawed"], currency),
        Money(row["reinstated"], currency), tuple(row["transfers"]), row["released_at"], row["created_at"],
        row["changed_at"], row["closed_at"], row["look_ups"],
    )  # fmt: skip
