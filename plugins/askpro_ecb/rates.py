"""The rate source: stored rates, cross rates through the euro, the last rate on or before the day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from decimal import Context as Arithmetic

from askpro.sdk import Context, Rate, RateMissing
from askpro_ecb.feed import DayRates

__all__ = ("EcbRates", "cross", "keep", "last_day")

_EURO = "EUR"
_DIGITS = Arithmetic(prec=18, rounding=ROUND_HALF_UP)
"""Significant digits of a quotient; what is published is passed on unrounded."""

_FIND = """
select b.day, b.rate as base, q.rate as quote
from plug_ecb.rate b join plug_ecb.rate q on q.day = b.day
where b.currency = $1 and q.currency = $2 and b.day <= $3 and b.day >= $4
order by b.day desc limit 1
"""
_FIND_EURO = """
select day, rate from plug_ecb.rate where currency = $1 and day <= $2 and day >= $3 order by day desc limit 1
"""


def cross(base: Decimal, quote: Decimal) -> Decimal:
    """One unit of base in units of quote, from what one euro is worth in each of them."""
    return quote if base == 1 else _DIGITS.divide(quote, base)


class EcbRates:
    """``RateSource`` on the plugin's own table."""

    key = "ecb"
    title = "European Central Bank"

    async def rate(self, ctx: Context, base: str, quote: str, day: date) -> Rate:
        """Both legs are of the same day. Raises RateMissing when there is none that is young enough."""
        if base == quote:
            return Rate(base, quote, day, day, Decimal(1), self.key)
        oldest = day - timedelta(days=ctx.settings.oldest_days)
        one = Decimal(1)
        async with ctx.store.unit() as unit:
            if _EURO in (base, quote):
                row = await unit.fetchrow(_FIND_EURO, quote if base == _EURO else base, day, oldest)
                legs = row and ((one, row["rate"]) if base == _EURO else (row["rate"], one))
            else:
                row = await unit.fetchrow(_FIND, base, quote, day, oldest)
                legs = row and (row["base"], row["quote"])
        if row is None:
            raise RateMissing(f"{base}/{quote}: no rate from {oldest} to {day}")
        return Rate(base, quote, day, row["day"], cross(*legs), self.key)


async def last_day(ctx: Context) -> date | None:
    """The newest day in the table."""
    async with ctx.store.unit() as unit:
        newest: date | None = await unit.fetchval("select max(day) from plug_ecb.rate")
    return newest


async def keep(ctx: Context, rates: DayRates) -> None:
    """Store days, at least one; a rate that the ECB has corrected replaces the old one."""
    rows = [(code, day, rate) for day, of_day in sorted(rates.items()) for code, rate in of_day.items()]
    async with ctx.store.unit() as unit:
        await unit.execute(
            "insert into plug_ecb.rate as r (currency, day, rate)"
            " select * from unnest($1::text[], $2::date[], $3::numeric[])"
            " on conflict (currency, day) do update set rate = excluded.rate where r.rate <> excluded.rate",
            *map(list, zip(*rows, strict=True)),
        )
