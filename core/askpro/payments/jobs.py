"""Events of providers, and the safety net: payments, refunds and disputes nobody has told us the end of."""

from __future__ import annotations

from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import AskProError, NotFound
from askpro.jobs import defer, task
from askpro.jobs.housekeeping import Expiry, expire
from askpro.payments import autotopup_jobs as autotopup_jobs
from askpro.payments import disputes, inbox, refunds, settle
from askpro.payments import refund_jobs as refund_jobs

__all__ = (
    "LOOK_UP",
    "LOOK_UP_DISPUTE",
    "LOOK_UP_REFUND",
    "look_up_dispute_job",
    "look_up_job",
    "look_up_refund_job",
    "process_job",
    "sweep",
)

log = structlog.get_logger("askpro.payments")

LOOK_UP = "payments.look_up"
LOOK_UP_REFUND = "payments.look_up_refund"
LOOK_UP_DISPUTE = "payments.look_up_dispute"

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


@task(LOOK_UP_REFUND, retry=None)
async def look_up_refund_job(tenant: str, refund: str) -> None:
    """Ask how one refund stands: never by paying back again."""
    try:
        await refunds.refresh(UUID(tenant), UUID(refund), by=Actor.system("janitor"))
    except NotFound:
        return


@task(LOOK_UP_DISPUTE, retry=None)
async def look_up_dispute_job(tenant: str, dispute: str) -> None:
    """Ask how one dispute stands; if there is no answer, ``disputes.refresh`` has put it off."""
    try:
        await disputes.refresh(UUID(tenant), UUID(dispute), by=Actor.system("janitor"))
    except AskProError as error:
        log.warning("a dispute could not be looked up", dispute=dispute, code=error.code)


@task("payments.sweep", cron="* * * * *", retry=None)
async def sweep() -> None:
    """Queue what is due: look-ups of payments and refunds (5 minutes, 1 hour, then daily) and of disputes (daily), and
    events that failed.
    """
    now = clock.now()
    async with db.shared_unit():
        for row in await db.fetch("select * from payments.due_attempts($1)", now):
            await defer(
                LOOK_UP, queueing_lock=f"{LOOK_UP}:{row['id']}", tenant=str(row["tenant_id"]), attempt=str(row["id"])
            )
        for row in await db.fetch("select * from payments.due_refunds($1)", now):
            await defer(
                LOOK_UP_REFUND,
                queueing_lock=f"{LOOK_UP_REFUND}:{row['id']}",
                tenant=str(row["tenant_id"]),
                refund=str(row["id"]),
            )
        for row in await db.fetch("select * from payments.due_disputes($1)", now):
            await defer(
                LOOK_UP_DISPUTE,
                queueing_lock=f"{LOOK_UP_DISPUTE}:{row['id']}",
                tenant=str(row["tenant_id"]),
                dispute=str(row["id"]),
            )
        for row in await db.fetch("select * from payments.due_events($1)", now):
            await defer(
                inbox.PROCESS,
                queueing_lock=f"{inbox.PROCESS}:{row['id']}",
                tenant=str(row["tenant_id"]),
                event=str(row["id"]),
            )
