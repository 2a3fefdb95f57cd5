"""What of a tenant's payments waits for a person: counted, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from askpro import clock, db

__all__ = ("Attention", "attention", "paused_customers")


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts. ``answer_by``: the first day by which a bank wants to hear from us."""

    flagged: int
    """Money that came and was not credited."""
    disputes: int
    """Claims of banks that are still argued about."""
    answer_by: datetime | None
    dead_events: int
    """Messages of providers that were given up."""
    paused_rules: int
    """Automatic top-ups that have stopped."""


async def attention(tenant: UUID) -> Attention:
    """How it stands now."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            """
            select (select count(*) from payments.orders
                     where tenant_id = $1 and flag <> '' and state <> 'settled') as flagged,
                   count(d.id) as disputes,
                   min(d.answer_by) filter (where d.answer_by >= $2) as answer_by,
                   (select count(*) from payments.inbox where tenant_id = $1 and dead_at is not null) as dead_events,
                   (select count(*) from payments.rule where tenant_id = $1 and state = 'paused') as paused_rules
              from payments.dispute d where d.tenant_id = $1 and d.state in ('open', 'withdrawn')
            """,
            tenant,
            clock.now(),
        )
    return Attention(*row)


async def paused_customers(
    tenant: UUID, *, q: str = "", before: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[tuple[UUID, datetime, UUID]]:
    """Whose automatic top-up has stopped, the latest first: customer, since when, wallet.

    ``q``: part of the customer's number, name or e-mail. ``before``: instant and wallet of the last one of the page
    before.
    """
    async with db.unit(tenant):
        rows = await db.fetch(
            "select r.customer_id, r.paused_at, r.wallet_id from payments.rule r"
            " join people.customer c on c.tenant_id = r.tenant_id and c.id = r.customer_id"
            " where r.tenant_id = $1 and r.state = 'paused'"
            " and ($2 = '' or strpos(lower(concat_ws(' ', c.number, c.name, c.email)), lower($2)) > 0)"
            " and ($3::timestamptz is null or (r.paused_at, r.wallet_id) < ($3, $4::uuid))"
            " order by r.paused_at desc, r.wallet_id desc limit $5",
            tenant,
            q.strip(),
            before[0] if before else None,
            before[1] if before else None,
            limit,
        )
    return [(row["customer_id"], row["paused_at"], row["wallet_id"]) for row in rows]
