"""What happens to wallets by the clock: notices, and credit whose time is over. All of it may run twice."""

from __future__ import annotations

from askpro.jobs.tasks import task
from askpro.wallets import notices, promo_expiry

__all__ = ("expire_promo", "tell_all_low", "tell_low")


@task("wallets.notices", cron="* * * * *", retry=None)
async def tell_low() -> None:
    """Tell whose balance has fallen."""
    await notices.sweep()


@task("wallets.all_notices", cron="7 * * * *", retry=None)
async def tell_all_low() -> None:
    """The same for every wallet: what no booking tells of, and what was missed while nobody worked."""
    await notices.sweep(None)


@task("wallets.promo", cron="* * * * *", retry=None)
async def expire_promo() -> None:
    """Take back what has expired, announce what is about to."""
    await promo_expiry.sweep()
