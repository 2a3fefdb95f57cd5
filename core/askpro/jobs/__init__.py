"""Work for later: deferred inside a unit, run by ``askpro worker`` at least once.

    @task("payments.look_up")                 # in a domain's jobs.py
    async def look_up(order: str) -> None: ...

    async with db.unit(tenant):               # in its service
        ...
        await defer("payments.look_up", order=order_id)

A job runs again after a failure, and after a worker that died with it: every effect has a key.
"""

from __future__ import annotations

from askpro.jobs.queue import defer
from askpro.jobs.tasks import RETRY, TaskSpec, retrying_up_to, task

__all__ = ("RETRY", "TaskSpec", "defer", "retrying_up_to", "task")
