"""Auto-top-up by the clock, and what happens to its rules when payments end.

Nothing is fired while usage is booked: once a minute one statement finds the wallets that have run low.
"""

from __future__ import annotations

from uuid import UUID

from askpro import clock, db
from askpro.errors import NotFound
from askpro.events import Event, subscriber
from askpro.jobs import defer, task
from askpro.payments import autotopup, queries, rule

__all__ = ("FIRE", "fire_job", "hear", "sweep")

FIRE = "payments.auto_topup"


# No retry by the queue: a rule rests after a failure, and the next sweep comes for it.
@task(FIRE, retry=None)
async def fire_job(tenant: str, wallet: str) -> None:
    """Top up one wallet, if that is still due."""
    try:
        await autotopup.fire(UUID(tenant), UUID(wallet))
    except NotFound:
        return


@task("payments.auto_topup_sweep", cron="* * * * *", retry=None)
async def sweep() -> None:
    """Queue the wallets that have run low under an active rule."""
    async with db.shared_unit():
        for row in await db.fetch("select * from payments.due_auto_topups($1)", clock.now()):
            await defer(
                FIRE,
                queueing_lock=f"{FIRE}:{row['wallet_id']}",
                tenant=str(row["tenant_id"]),
                wallet=str(row["wallet_id"]),
            )


@subscriber(
    "auto-top-up", "topup.settled", "topup.declined", "topup.expired", "dispute.withdrawn", "dispute.lost",
    "dispute.won",
)  # fmt: skip
async def hear(event: Event) -> None:
    """A charge has ended, a customer has paid by himself, a bank wants money back.

    A fact says that something has happened; how it stands is read, because facts may come late and in any order.
    """
    kind, wallet = event.kind, UUID(str(event.payload["wallet"]))
    if kind.startswith("dispute."):
        await rule.disputed(event.tenant, wallet, UUID(str(event.payload["dispute"])))
        return
    order = UUID(str(event.payload["order"]))
    await rule.note(event.tenant, order)
    if kind == "topup.settled":
        paid = await queries.order(event.tenant, order)
        if paid.settled_at is not None:
            await rule.paid(event.tenant, wallet, paid.settled_at)
