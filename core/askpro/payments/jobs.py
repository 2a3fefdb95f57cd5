"""The safety net: what was not processed in the request itself, and payments nobody has told us the end of."""

from __future__ import annotations

from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import NotFound
from askpro.jobs import defer, task
from askpro.jobs.housekeeping import Expiry, expire
from askpro.payments import inbox, settle

__all__ = ("LOOK_UP", "look_up_job", "process_job", "sweep")

LOOK_UP = "payments.look_up"

expire(Expiry("payments.inbox", "processed_at < now() - interval '30 days'"))


# No retry by the queue: the event itself says when it is due again, and the sweeper comes for it.
@task(inbox.PROCESS, retry=None)
async def process_job(tenant: str, event: str) -> None:
    """One event of a provider."""
    await inbox.process(UUID(tenant), UUID(event))


@task(LOOK_UP, retry=None)
async def look_up_job(tenant: str, attempt: str) -> None:
    """Ask how one payment stands: never by charging again."""
    try:
        await settle.refresh(UUID(tenant), UUID(attempt), by=Actor.system("janitor"))
    except NotFound:
        return


@task("payments.sweep", cron="* * * * *", retry=None)
async def sweep() -> None:
    """Queue what is due: look-ups (5 minutes, 1 hour, then daily) and events that failed or were left over."""
    now = clock.now()
    async with db.shared_unit():
        for row in await db.fetch("select * from payments.due_attempts($1)", now):
            await defer(
                LOOK_UP, queueing_lock=f"{LOOK_UP}:{row['id']}", tenant=str(row["tenant_id"]), attempt=str(row["id"])
            )
        for row in await db.fetch("select * from payments.due_events($1)", now):
            await defer(
                inbox.PROCESS,
                queueing_lock=f"{inbox.PROCESS}:{row['id']}",
                tenant=str(row["tenant_id"]),
                event=str(row["id"]),
            )
