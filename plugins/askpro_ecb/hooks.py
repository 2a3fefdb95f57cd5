"""What the plugin gives to the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from askpro.errors import Unavailable
from askpro.sdk import Context, Currency, JobSpec, RateSource, hookimpl
from askpro_ecb.currencies import currencies
from askpro_ecb.feed import DayRates, read_feed
from askpro_ecb.rates import EcbRates, keep, last_day
from askpro_ecb.settings import EcbSettings

__all__ = ("EcbPlugin", "fetch", "plugin")


async def fetch(ctx: Context) -> None:
    """Fetch what is missing: the daily file, or the whole history after a gap. Raises Unavailable, InvalidInput."""
    today = ctx.now().date()
    newest = await last_day(ctx)
    daily: DayRates = {}
    if newest is not None:
        daily = read_feed(await _get(ctx, ctx.settings.daily_url), today=today)
        # Friday to Monday is no gap: only working days without rates call for the history
        if _working_days_between(newest, min(daily)) == 0:
            await keep(ctx, daily)
            return
    history = read_feed(await _get(ctx, ctx.settings.history_url), today=today)
    missing = {day: rates for day, rates in history.items() if newest is None or day >= newest}
    await keep(ctx, {**missing, **daily})


def _working_days_between(earlier: date, later: date) -> int:
    """Mondays to Fridays strictly between two days."""
    days = (later - earlier).days
    return sum((earlier + timedelta(days=n)).weekday() < 5 for n in range(1, days))


async def _get(ctx: Context, url: str) -> bytes:
    reply = await ctx.http.request("GET", url)
    if reply.status_code != 200:
        raise Unavailable(f"{url}: {reply.status_code}", code="feed_missing")
    return reply.content


class EcbPlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return EcbSettings

    @hookimpl
    def register_currencies(self) -> Sequence[Currency]:
        return currencies()

    @hookimpl
    def register_rate_sources(self) -> list[RateSource]:
        return [EcbRates()]

    @hookimpl
    def register_jobs(self) -> list[JobSpec]:
        # published about 16:00 in Frankfurt on working days: 14:00 or 15:00 UTC; a second run catches a late file
        return [JobSpec("fetch", "20 15,18 * * *", fetch, per_tenant=False, deadline=180.0)]

    @hookimpl
    async def on_ready(self, ctx: Context) -> None:
        newest = await last_day(ctx)
        if newest is None or ctx.now().date() - newest > timedelta(days=ctx.settings.oldest_days):
            ctx.log.warning("no recent exchange rates are stored; the job ecb.fetch will get them")


plugin = EcbPlugin()
