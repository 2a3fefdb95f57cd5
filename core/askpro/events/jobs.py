"""Delivery as jobs: at once after each emit, and every minute for what was left or has failed."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.events.delivery import deliver
from askpro.events.outbox import DELIVER, delivery_lock
from askpro.jobs.queue import defer
from askpro.jobs.tasks import task

__all__ = ("deliver_job", "sweep")


# No retry: it would hold the tenant's lock while it waits. The sweeper comes back for what is left.
@task(DELIVER, retry=None)
async def deliver_job(tenant: str) -> None:
    """Everything that is due for one tenant."""
    await deliver(UUID(tenant))


@task("events.sweep", cron="* * * * *", retry=None, alone=False)
async def sweep() -> None:
    """A delivery for each tenant that has events waiting."""
    async with db.shared_unit():
        for row in await db.fetch("select * from events.due_tenants() as tenant"):
            lock = delivery_lock(row["tenant"])
            await defer(DELIVER, lock=lock, queueing_lock=f"{lock}:swept", tenant=row["tenant"])
