"""Reading orders and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.payments.model import ORDER, Attempt, Order, attempt_of, found, order_of

__all__ = ("attempt_of_order", "attempts_of_order", "by_transfer", "order", "orders", "unbooked")


async def order(tenant: UUID, order_id: UUID, *, customer: UUID | None = None) -> Order:
    """An order; with ``customer`` only that customer's own. Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {ORDER} from payments.orders o where o.tenant_id = $1 and o.id = $2"  # noqa: S608 - constant
            " and ($3::uuid is null or o.customer_id = $3)",
            tenant,
            order_id,
            customer,
        )
    return order_of(found(row))


async def attempt_of_order(tenant: UUID, order_id: UUID) -> Attempt | None:
    """The last attempt to collect an order."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select * from payments.attempt where tenant_id = $1 and order_id = $2 order by created_at desc limit 1",
            tenant,
            order_id,
        )
    return attempt_of(row) if row is not None else None


async def attempts_of_order(tenant: UUID, order_id: UUID) -> list[Attempt]:
    """Every try to collect an order, the first one first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select * from payments.attempt where tenant_id = $1 and order_id = $2 order by created_at, id",
            tenant,
            order_id,
        )
    return [attempt_of(row) for row in rows]


async def unbooked(
    tenant: UUID, wallet: UUID, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
) -> list[Order]:
    """Top-ups a customer should see beside the ledger, latest first: under way, being checked, or declined.

    Pages that nobody paid on are left out. ``[since, until)`` are instants.
    """
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {ORDER} from payments.orders o"  # noqa: S608 - constant
            " where o.tenant_id = $1 and o.wallet_id = $2 and o.state in ('unknown', 'pending', 'declined')"
            " and o.reason <> 'cancelled'"
            " and ($3::timestamptz is null or o.created_at >= $3) and ($4::timestamptz is null or o.created_at < $4)"
            " order by o.created_at desc, o.id desc limit $5",
            tenant,
            wallet,
            since,
            until,
            limit,
        )
    return [order_of(row) for row in rows]


async def by_transfer(tenant: UUID, wallet: UUID, transfers: list[UUID]) -> dict[UUID, Order]:
    """The orders behind these credits."""
    if not transfers:
        return {}
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {ORDER} from payments.orders o"  # noqa: S608 - constant
            " where o.tenant_id = $1 and o.wallet_id = $2 and o.transfer_id = any($3)",
            tenant,
            wallet,
            transfers,
        )
    return {row["transfer_id"]: order_of(row) for row in rows}


async def orders(
    tenant: UUID,
    *,
    customer: UUID | None = None,
    states: Sequence[str] = (),
    q: str = "",
    before: UUID | None = None,
    limit: int = 50,
    since: datetime | None = None,
    until: datetime | None = None,
    flagged: bool = False,
) -> list[Order]:
    """A tenant's payments for its staff, latest first; ``before`` is the id of the last one on the page before.

    ``states``: only these; none: all. ``q``: part of the reference, or of the customer's number or name. Begun in
    ``[since, until)``. ``flagged``: only those that somebody has to look at.
    """
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {ORDER} from payments.orders o"  # noqa: S608 - constant
            " where o.tenant_id = $1 and ($2::uuid is null or o.customer_id = $2)"
            " and (cardinality($3::text[]) = 0 or o.state = any($3)) and ($4::uuid is null or o.id < $4)"
            " and ($5 = '' or o.reference ilike $6 or exists (select from people.customer c where c.tenant_id = $1"
            "  and c.id = o.customer_id and (c.name ilike $6 or c.number ilike $6)))"
            " and ($8::timestamptz is null or o.created_at >= $8) and ($9::timestamptz is null or o.created_at < $9)"
            " and (not $10 or (o.flag <> '' and o.state <> 'settled'))"
            " order by o.id desc limit $7",
            tenant,
            customer,
            list(states),
            before,
            q.strip(),
            f"%{_plain(q.strip())}%",
            limit,
            since,
            until,
            flagged,
        )
    return [order_of(row) for row in rows]


def _plain(text: str) -> str:
    """For ``like``: every character stands for itself."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
