"""What the rest of the house knows of orders and attempts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from uuid import UUID

from askpro.errors import NotFound
from askpro.money import Money
from askpro.payments.state import AttemptState, OrderState, final

__all__ = ("ORDER", "Attempt", "Order", "Origin", "attempt_of", "fee_of", "found", "order_of")

Origin: TypeAlias = Literal["checkout", "auto"]

ORDER = (
    "o.id, o.customer_id, o.wallet_id, o.person_id, o.currency, o.net, o.tax, o.gross, o.tax_rate, o.provider, o.state,"
    " o.reason, o.flag, o.method, o.reference, o.transfer_id, o.created_at, o.settled_at, o.origin, o.method_ref"
)
"""The columns of an Order."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer wants to top up: ``net`` becomes credit, ``gross`` is paid."""

    id: UUID
    customer_id: UUID
    wallet_id: UUID
    person_id: UUID | None
    net: Money
    tax: Money
    gross: Money
    tax_rate: Decimal
    provider: str
    state: OrderState
    reason: str
    flag: str
    method: str
    reference: str
    transfer_id: UUID | None
    created_at: datetime
    settled_at: datetime | None
    origin: Origin = "checkout"
    """``checkout``: the customer pays on a page; ``auto``: by the rule of auto-top-up."""
    method_ref: str = ""
    """The saved method that is charged; empty: the customer pays on a page."""

    @property
    def final(self) -> bool:
        """Whether nothing is waited for any more."""
        return final(self.state)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to collect an order. ``id`` is the key the provider knows it by."""

    id: UUID
    order_id: UUID
    provider: str
    account: str
    provider_ref: str
    checkout_url: str
    state: AttemptState
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    look_ups: int
    look_up_at: datetime | None
    code: str = ""
    """What the provider said last: why it was refused, or, on a page that is still open, why a try was."""
    fee: Money | None = None
    """What the provider keeps of the payment, in its account's currency, as far as it has said so. Not booked."""


def order_of(row: Mapping[str, Any]) -> Order:
    """A row with the columns of ``ORDER``."""
    currency = row["currency"]
    return Order(
        row["id"], row["customer_id"], row["wallet_id"], row["person_id"], Money(row["net"], currency),
        Money(row["tax"], currency), Money(row["gross"], currency), row["tax_rate"], row["provider"], row["state"],
        row["reason"], row["flag"], row["method"], row["reference"], row["transfer_id"], row["created_at"],
        row["settled_at"], row["origin"], row["method_ref"],
    )  # fmt: skip


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """A row of payments.attempt."""
    said = row["detail"] or {}
    return Attempt(
        row["id"], row["order_id"], row["provider"], row["account"], row["provider_ref"] or "",
        row["checkout_url"] or "", row["state"], row["created_at"], row["changed_at"], row["expires_at"],
        row["look_ups"], row["look_up_at"], said.get("code") or "",
        Money(said["fee"], said["fee_currency"]) if said.get("fee_currency") else None,
    )  # fmt: skip


def fee_of(attempts: Iterable[Attempt]) -> Money | None:
    """What the provider keeps of the attempt that has paid; None: it has not said so, or nothing was paid."""
    return next((one.fee for one in attempts if one.state == "settled"), None)


def found(row: Any) -> Any:
    """The row, if there is one. Raises NotFound."""
    if row is None:
        raise NotFound("there is no such payment")
    return row
