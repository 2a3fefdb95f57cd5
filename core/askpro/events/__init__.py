"""The outbox: facts, written with the change they tell of, delivered after it is committed, at least once.

@subscriber("mail", "topup.settled")        # in the jobs.py of a domain that wants to know
async def thank(event: Event) -> None: ...

async with db.unit(tenant):                 # in the service that changes something
    ...
    await emit("topup.settled", {"order": order_id, "amount": units}, tenant=tenant)
"""

from __future__ import annotations

from askpro.events.outbox import emit
from askpro.events.subscribers import Event, subscriber

__all__ = ("Event", "emit", "subscriber")
