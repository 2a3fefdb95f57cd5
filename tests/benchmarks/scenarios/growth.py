"""Does a call cost the same when there are millions already? Posting on 10³ rows beside posting on many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from askpro.clock import month_start
from askpro.ledger import months

from ..bench import Bench
from ..events import Maker
from ..house import OPENING, Store
from ..invariants import assert_sound
from .posting import BATCH, post_batches, rated

__all__ = ("Growth",)

MONTHS = 12
SMALL = 1_000
BATCHES = 20
PASSES = 3

# Calls that cost nothing, spread over months, resellers and wallets: money still adds up, and indexes are large.
_FILL = f"""
insert into ledger.usage (tenant_id, id, wallet_id, began_at, day, ring_ms, talk_ms, billed, direction, bookings,
                          tokens, price, wholesale, commission, balance_after, wallet_seq, source, external_id,
                          caller, callee)
select w.tenant_id, ($3::text || substr(md5('fill' || i), 1, 8) || '8' || substr(md5('fill' || i), 10, 3) || 'a'
                     || substr(md5(i || 'fill'), 1, 15))::uuid,
       w.id, $1::timestamptz + $2::interval * random(), ($1::timestamptz)::date, 4000, 2000, 0, 1, 0, 0,
       0, 0, 0, {OPENING}, 1, 'fill', 'call-' || lpad(i::text, 12, '0'), '+498912345678', '+4917612345678'
  from generate_series($4::bigint, $5::bigint) i
  join wallets w on w.n = i % (select count(*) from wallets)
"""
_SORTED = " order by w.tenant_id, 2"
"""Fills an index several times faster. Only for months gone by: where we post it must look as calls have left it."""


async def fill(store: Store, rows: int) -> None:
    """``rows`` calls over twelve months that end with this one, past triggers, as only a superuser can."""
    first = month_start(datetime.now(UTC).date())
    starts = [first]
    while len(starts) < MONTHS:
        starts.append(month_start(starts[-1] - timedelta(days=1)))
    async with store.open(1):
        await months.ensure(datetime(day.year, day.month, 1, tzinfo=UTC) for day in starts)
    async with store.admin() as admin:
        await admin.execute("set session_replication_role = replica; set synchronous_commit = off")
        await admin.execute("set work_mem = '256MB'")
        await admin.execute(
            "create temp table wallets as select (row_number() over ()) - 1 as n, tenant_id, id from ledger.wallet;"
            "create unique index on wallets (n); analyze wallets"
        )
        for position, start in enumerate(starts):
            low, high = rows * position // MONTHS, rows * (position + 1) // MONTHS - 1
            width = timedelta(days=25 if position else 1)
            await admin.execute(_FILL + (_SORTED if position else ""), _instant(start), width, _month(start), low, high)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, 1, tzinfo=UTC)


def _month(day: date) -> str:
    return f"{(day.year - 1970) * 12 + day.month - 1:04x}"


class Growth:
    """The small database is made anew each round; the large one hardly notices what a round adds."""

    name = "growth"

    def __init__(self) -> None:
        self._large: Store
        self._small: Store

    async def prepare(self, bench: Bench) -> None:
        house = bench.house
        self._large, self._small = house.store("grown"), house.store("small")
        await self._large.clone()
        await fill(self._large, bench.size.rows)
        await house.store("template_small").clone()
        await fill(house.store("template_small"), SMALL)
        await self._large.settle()

    async def round(self, bench: Bench, number: int) -> None:
        await self._small.clone("template_small")
        stores = [("10³ rows", self._small), (f"{bench.size.rows:,} rows", self._large)]
        for label, store in stores if number % 2 else reversed(stores):
            await self._post(bench, label, store, Maker(2_000 + number))
        await assert_sound(self._small)

    async def _post(self, bench: Bench, label: str, store: Store, make: Maker) -> None:
        resellers = bench.house.resellers
        async with store.open(1):
            for reseller in resellers[-6:]:  # PostgreSQL settles on its plans within five calls
                await post_batches([await rated(reseller, make.batch(reseller.customers, BATCH))])
            batches = [await rated(one, make.batch(one.customers, BATCH)) for one in resellers[:BATCHES]]
            await store.settle()
            with bench.watched(f"posting 1,000 on {label}", BATCH * len(batches)):
                await post_batches(batches)
            hundreds = [
                [await rated(one, make.batch(one.customers, 100)) for one in resellers[number::PASSES]]
                for number in range(PASSES)
            ]
            with bench.watched(f"posting 100 on {label}", 100 * len(resellers)):
                for some in hundreds:
                    await post_batches(some)

    async def finish(self, bench: Bench) -> None:
        bench.facts["books of many rows"] = (await assert_sound(self._large)).as_json()
        for store in (self._large, self._small, bench.house.store("template_small")):
            await store.drop()
