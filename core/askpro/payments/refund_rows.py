"""Reading and writing down refunds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.ids import new_id
from askpro.payments import schedule
from askpro.payments.model import Attempt, Order, attempt_of, found
from askpro.payments.refund_model import Refund, refund_of
from askpro.payments.refund_shares import Share

__all__ = (
    "by_event", "by_idempotency", "claim", "given_up", "insert", "of_order", "payment", "postpone", "refund", "waiting",
)  # fmt: skip


async def refund(tenant: UUID, refund_id: UUID) -> Refund:
    """Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow("select * from payments.refund where tenant_id = $1 and id = $2", tenant, refund_id)
    return refund_of(found(row))


async def of_order(tenant: UUID, order_id: UUID) -> list[Refund]:
    """An order's refunds, latest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select * from payments.refund where tenant_id = $1 and order_id = $2 order by id desc", tenant, order_id
        )
    return [refund_of(row) for row in rows]


async def by_idempotency(tenant: UUID, order_id: UUID, idempotency: str) -> Refund | None:
    """The order's refund with that key."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select * from payments.refund where tenant_id = $1 and order_id = $2 and idempotency = $3",
            tenant,
            order_id,
            idempotency,
        )
    return refund_of(row) if row is not None else None


async def payment(tenant: UUID, order: Order) -> Attempt:
    """The attempt that paid the order."""
    row = await db.fetchrow(
        "select * from payments.attempt where tenant_id = $1 and order_id = $2 and state = 'settled'"
        " order by id limit 1",
        tenant,
        order.id,
    )
    return attempt_of(found(row))


async def by_event(tenant: UUID, provider: str, key: str, ref: str) -> UUID | None:
    """The refund that an event names, by our key or the provider's number."""
    async with db.unit(tenant):
        identifier: UUID | None = await db.fetchval(
            "select id from payments.refund where tenant_id = $1 and provider = $2"
            " and (($3 <> '' and id::text = $3) or ($4 <> '' and provider_ref = $4)) order by id limit 1",
            tenant,
            provider,
            key,
            ref,
        )
    return identifier


async def waiting(tenant: UUID, provider: str, payment_ref: str, *, numberless: bool = False) -> list[UUID]:
    """Refunds of a payment whose end is not known; ``numberless``: of ours, without the provider's number."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select r.id from payments.refund r join payments.attempt a on a.tenant_id = r.tenant_id"
            " and a.id = r.attempt_id where r.tenant_id = $1 and r.provider = $2 and a.provider_ref = $3"
            " and r.state in ('new', 'unknown', 'pending') and (not $4 or r.provider_ref is null) order by r.id",
            tenant,
            provider,
            payment_ref,
            numberless,
        )
    return [row["id"] for row in rows]


async def given_up(tenant: UUID, provider: str, payment_ref: str) -> list[Refund]:
    """Refunds of a payment that we asked for, that seemed not to have reached the provider, and have no number."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select r.* from payments.refund r join payments.attempt a on a.tenant_id = r.tenant_id"
            " and a.id = r.attempt_id where r.tenant_id = $1 and r.provider = $2 and a.provider_ref = $3"
            " and r.origin = 'ours' and r.state = 'declined' and not r.closed and r.provider_ref is null order by r.id",
            tenant,
            provider,
            payment_ref,
        )
    return [refund_of(row) for row in rows]


async def claim(tenant: UUID, refund_id: UUID, *, stale: datetime) -> bool:
    """Write down that it is handed to the provider now; committed before it is.

    False: it is not new any more, or somebody has begun to send it after ``stale``.
    """
    async with db.unit(tenant):
        claimed = await db.fetchval(
            "update payments.refund set sent_at = $3 where tenant_id = $1 and id = $2 and state = 'new'"
            " and (sent_at is null or sent_at <= $4) returning id",
            tenant,
            refund_id,
            clock.now(),
            stale,
        )
    return claimed is not None


async def insert(
    tenant: UUID, order: Order, attempt: Attempt, share: Share, *, origin: Literal["ours", "provider"],
    idempotency: str, reason: str, by: Actor, ref: str = "",
) -> Refund:  # fmt: skip
    """Write a new refund down; its credit counts as taken and is to be taken in the same unit."""
    now = clock.now()
    row = await db.fetchrow(
        "insert into payments.refund (tenant_id, id, order_id, attempt_id, provider, account, provider_ref, origin,"
        " currency, net, tax, gross, reason, idempotency, by, created_at, changed_at, look_up_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17) returning *",
        tenant, new_id(), order.id, attempt.id, attempt.provider, attempt.account, ref or None, origin,
        order.net.currency, share.net, share.tax, share.gross, reason, idempotency, str(by), now,
        schedule.next_look_up(0, now),
    )  # fmt: skip
    return refund_of(row)


async def postpone(tenant: UUID, one: Refund) -> None:
    """Look it up later."""
    async with db.unit(tenant):
        await db.execute(
            "update payments.refund set look_ups = look_ups + 1, look_up_at = $3, changed_at = $4"
            " where tenant_id = $1 and id = $2 and look_up_at is not null",
            tenant,
            one.id,
            schedule.next_look_up(one.look_ups, clock.now()),
            clock.now(),
        )
