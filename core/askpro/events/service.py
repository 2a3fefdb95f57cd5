"""What somebody may do by hand with the outbox."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.events.outbox import DELIVER, delivery_lock
from askpro.jobs.queue import defer

__all__ = ("replay",)


async def replay(tenant: UUID, event_id: UUID | None = None) -> int:
    """Deliver a dead letter again (None: all of the tenant's); returns how many.

    Listeners that have it do not hear it again. Raises NotFound when there is no such dead letter.
    """
    async with db.unit(tenant):
        revived = await db.fetch(
            "update events.outbox set dead_at = null, attempts = 0, next_try = now()"
            " where tenant_id = $1 and dead_at is not null and ($2::uuid is null or id = $2) returning id",
            tenant,
            event_id,
        )
        if event_id is not None and not revived:
            raise NotFound
        if revived:
            await defer(DELIVER, lock=delivery_lock(tenant), tenant=str(tenant))
    return len(revived)
