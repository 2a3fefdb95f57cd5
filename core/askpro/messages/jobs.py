"""Sending as jobs: at once after each mail, and every minute for what is to be tried again.

Mails are deleted after ninety days, texts, addresses and keys: they are notices, not the documents that law makes us
keep. That goes for those that were never sent as well, for nothing so old is sent any more (``sending.PATIENCE``).
"""

from __future__ import annotations

from uuid import UUID

from askpro import clock, db
from askpro.jobs import defer, task
from askpro.jobs.housekeeping import Expiry, expire
from askpro.messages import facts, links
from askpro.messages.sending import send
from askpro.messages.service import SEND

__all__ = ("send_job", "sweep")

facts.listen()
expire(Expiry("messages.mail", "created_at < now() - interval '90 days'"))


# No retry by the queue: the mail itself says when it is due again, and the sweeper comes for it.
@task(SEND, retry=None)
async def send_job(tenant: str, mail: str) -> None:
    """One mail."""
    await send(UUID(tenant), UUID(mail))


@task("messages.sweep", cron="* * * * *", retry=None)
async def sweep() -> None:
    """Queue what is due, if there is a mail server."""
    if not links.smtp_url():
        return
    async with db.shared_unit():
        for row in await db.fetch("select * from messages.due_mails($1)", clock.now()):
            await defer(SEND, queueing_lock=f"{SEND}:{row['id']}", tenant=str(row["tenant_id"]), mail=str(row["id"]))
