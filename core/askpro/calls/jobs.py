"""Every minute silent calls are settled and passed soft caps told; what has served goes at night."""

from __future__ import annotations

from datetime import timedelta

from askpro import clock
from askpro.calls.control import reaper, soft_caps
from askpro.jobs.tasks import task
from askpro.ledger import holds

__all__ = ("KEPT", "forget", "reap", "tell_soft_caps")

KEPT = timedelta(days=7)
"""How long the hold of a call that is over stays, with the numbers in it."""


@task("calls.reap", cron="* * * * *", retry=None)
async def reap() -> None:
    """Settle silent calls (D6)."""
    await reaper.reap()


@task("calls.soft_caps", cron="* * * * *", retry=None)
async def tell_soft_caps() -> None:
    """Tell of soft caps that are passed, by whatever kind of call."""
    await soft_caps.sweep()


@task("calls.forget_holds", cron="35 3 * * *")
async def forget() -> None:
    """Remove holds that have served."""
    await holds.forget(clock.now() - KEPT)
