"""Hand a tenant's due events to their listeners, each on its own account.

What a listener has is recorded listener by listener: one that fails is tried again alone, after a growing pause,
and neither keeps the others waiting nor makes them hear it twice.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from askpro import db
from askpro.events.outbox import DELIVER, delivery_lock
from askpro.events.subscribers import Event, Subscriber, wanted

__all__ = ("TRIES", "deliver")

log = logging.getLogger("askpro.events")

TRIES = 12
"""Deliveries of an event before it is a dead letter: the last one after about a day and a half."""
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 6 * 3600.0
_BATCH = 100

_DUE = """
select id, kind, payload, created_at, delivered from events.outbox
 where tenant_id = $1 and done_at is null and dead_at is null and next_try <= now()
 order by id limit $2
"""
_GIVEN = """
update events.outbox set delivered = array_append(delivered, $3)
 where tenant_id = $1 and id = $2 and not $3 = any (delivered)
"""
_DONE = "update events.outbox set done_at = now(), last_error = '' where tenant_id = $1 and id = $2"
_LATER = """
update events.outbox
   set attempts = attempts + 1, last_error = $3, dead_at = case when attempts + 1 >= $4 then now() end,
       next_try = now() + make_interval(secs => least($6, $5 * power(2, attempts)))
 where tenant_id = $1 and id = $2 returning dead_at is not null
"""


async def deliver(tenant: UUID) -> tuple[int, int]:
    """Deliver all that is due; returns how many events are done and how many have to be tried again."""
    done = failed = 0
    await _take_over(tenant)
    while True:
        async with db.unit(tenant):
            rows = await db.fetch(_DUE, tenant, _BATCH)
        for row in rows:
            event = Event(tenant, row["id"], row["kind"], row["payload"], row["created_at"])
            if await _tell_all(event, set(row["delivered"])):
                done += 1
            else:
                failed += 1
        if len(rows) < _BATCH:
            return done, failed


async def _take_over(tenant: UUID) -> None:
    """Jobs that wait for the same came with events that are visible now: they are ours, and need not run."""
    async with db.unit(tenant):
        await db.execute(
            "delete from jobs.procrastinate_jobs where task_name = $1 and lock = $2 and status = 'todo'",
            DELIVER,
            delivery_lock(tenant),
        )


async def _tell_all(event: Event, have: set[str]) -> bool:
    errors = []
    for one in wanted(event.kind):
        if one.name not in have:
            try:
                await _tell(one, event)
            except Exception as error:  # a listener's failure is its own
                log.warning("%s did not take %s %s: %r", one.name, event.kind, event.id, error)
                errors.append(f"{one.name}: {type(error).__name__}: {error}".rstrip(": "))
    async with db.unit(event.tenant):
        if not errors:
            await db.execute(_DONE, event.tenant, event.id)
        elif await db.fetchval(
            _LATER, event.tenant, event.id, "; ".join(errors)[:1000], TRIES, _FIRST_PAUSE, _LONGEST_PAUSE
        ):
            log.error("%s %s is a dead letter: %s", event.kind, event.id, "; ".join(errors))
    return not errors


async def _tell(one: Subscriber, event: Event) -> None:
    if one.atomic:
        async with asyncio.timeout(one.deadline), db.unit(event.tenant):
            if await db.execute(_GIVEN, event.tenant, event.id, one.name) == "UPDATE 1":
                await one.handler(event)
        return
    async with asyncio.timeout(one.deadline):
        await one.handler(event)
    async with db.unit(event.tenant):
        await db.execute(_GIVEN, event.tenant, event.id, one.name)
