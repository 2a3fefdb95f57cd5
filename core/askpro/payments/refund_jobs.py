"""Sending a refund that was asked for where no provider may be called."""

from __future__ import annotations

from uuid import UUID

from askpro.actor import Actor
from askpro.errors import NotFound
from askpro.jobs import defer, task
from askpro.payments import refunds
from askpro.payments.refund_model import Refund

__all__ = ("SEND", "send_job", "send_soon")

SEND = "payments.send_refund"


async def send_soon(tenant: UUID, one: Refund) -> None:
    """Have a refund sent as soon as the open unit has committed."""
    await defer(SEND, tenant=str(tenant), refund=str(one.id))


# No retry by the queue: what is cut short here is the janitor's.
@task(SEND, retry=None)
async def send_job(tenant: str, refund: str) -> None:
    """Send one refund."""
    try:
        await refunds.send(UUID(tenant), UUID(refund), by=Actor.system("payments"))
    except NotFound:
        return
