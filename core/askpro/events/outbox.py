"""Write a fact into the outbox, and wake the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from askpro import db
from askpro.ids import new_id
from askpro.jobs.queue import defer

__all__ = ("DELIVER", "delivery_lock", "emit")

DELIVER = "events.deliver"


def delivery_lock(tenant: UUID) -> str:
    """The lock under which a tenant's events are delivered: one job at a time, so in order and not twice."""
    return f"{DELIVER}:{tenant}"


async def emit(kind: str, payload: Mapping[str, Any], *, tenant: UUID) -> UUID:
    """Record that something happened; returns the event's id. Inside the unit that makes it happen.

    Delivery starts once that unit has committed: one job a unit and tenant, however many events. (A lock shared
    by all units would make them wait for each other, or would let a job that is just starting miss this event.)
    Raises RuntimeError outside a unit.
    """
    identifier = new_id()
    transaction = await db.fetchval(
        "with fact as (insert into events.outbox (tenant_id, id, kind, payload) values ($1, $2, $3, $4))"
        " select pg_current_xact_id()::text",
        tenant,
        identifier,
        kind,
        dict(payload),
    )
    lock = delivery_lock(tenant)
    await defer(DELIVER, lock=lock, queueing_lock=f"{lock}:{transaction}", tenant=str(tenant))
    return identifier
