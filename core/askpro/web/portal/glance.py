"""What the overview shows of a wallet, read in one round trip. The same as the longer ways give (tested)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from askpro import db
from askpro.errors import NotFound
from askpro.ledger.queries import StatementLine, Wallet
from askpro.payments.model import Order, order_of

__all__ = ("Glance", "glance")


class Glance(Struct, frozen=True):
    """A wallet, its latest bookings, the orders behind them by transfer, and top-ups that are not booked."""

    wallet: Wallet
    low_balance: int
    lines: tuple[StatementLine, ...]
    paid: dict[UUID, Order]
    orders: tuple[Order, ...]


async def glance(tenant: UUID, wallet: UUID, limit: int) -> Glance:
    """Raises NotFound."""
    row = await db.call_row("select web.overview($1, $2, $3) as found", tenant, wallet, limit)
    found: dict[str, Any] = row["found"]
    if found["wallet"] is None:
        raise NotFound
    return Glance(
        msgspec.convert(found["wallet"], Wallet, strict=False),
        found["low_balance"],
        msgspec.convert(found["lines"], tuple[StatementLine, ...], strict=False),
        {UUID(transfer): _order(order) for transfer, order in found["paid"].items()},
        tuple(_order(order) for order in found["orders"]),
    )


class _OrderRow(Struct, frozen=True):
    """A row of payments.orders as JSON has it; the rate comes as text, for no float may touch it."""

    id: UUID
    customer_id: UUID
    wallet_id: UUID
    person_id: UUID | None
    currency: str
    net: int
    tax: int
    gross: int
    tax_rate: Decimal
    provider: str
    state: str
    reason: str
    flag: str
    method: str
    reference: str
    transfer_id: UUID | None
    created_at: datetime
    settled_at: datetime | None
    origin: str
    method_ref: str


def _order(row: dict[str, Any]) -> Order:
    found = msgspec.convert(row, _OrderRow, strict=False)
    return order_of(msgspec.structs.asdict(found))
