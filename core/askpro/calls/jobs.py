"""Calls that fell silent are settled every minute; what is no longer needed of finished ones goes at night."""

from __future__ import annotations

from datetime import timedelta

from askpro import clock
from askpro.calls.control import reaper
from askpro.jobs.tasks import task
from askpro.ledger import holds

__all__ = ("KEPT", "forget", "reap")

KEPT = timedelta(days=7)
"""How long the hold of a call that is over stays, with the numbers in it."""


@task("calls.reap", cron="* * * * *", retry=None)
async def reap() -> None:
    """Settle silent calls (D6)."""
    await reaper.reap()


@task("calls.forget_holds", cron="35 3 * * *")
async def forget() -> None:
    """Remove holds that have served."""
    await holds.forget(clock.now() - KEPT)
