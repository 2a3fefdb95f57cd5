"""Without HTTP: what rating and posting cost, beside COPY of the very same rows into the very same table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random

from askpro.calls.events import UsageEvent
from askpro.calls.item import Item
from askpro.calls.rater import Priced, Rater
from askpro.commissions.scheme import commission
from askpro.commissions.service import scheme_of
from askpro.ids import usage_id
from askpro.ledger.usage import UsageStatus, post_usage
from askpro.tariffs import chains
from askpro.tariffs.chain import Refusal
from askpro.tariffs.rating import price

from ..bench import Bench
from ..events import Maker
from ..house import ZONE, Reseller, Store
from ..invariants import assert_sound
from ..prices import scattered

__all__ = ("PostingAndCopy", "post_batches")

BATCH = 1_000
ACTOR = "key:benchmark"


async def post_batches(batches: Sequence[tuple[Rater, list[Priced]]]) -> None:
    """Post rated batches one after the other; every call must be booked."""
    for rater, priced in batches:
        outcomes = await post_usage(rater.groups, [one.row for one in priced])
        assert all(outcome.status is UsageStatus.BOOKED for outcome in outcomes)


async def rated(reseller: Reseller, calls: Sequence[UsageEvent]) -> tuple[Rater, list[Priced]]:
    """A batch that is ready to be posted."""
    items = [Item(reseller.id, ZONE, call, ACTOR) for call in calls]
    rater = await Rater.prepare(items)
    priced = []
    for item in items:
        call = item.event
        assert call.started_at is not None
        item.id = usage_id(reseller.id, call.source, call.id, call.started_at)
        found = rater.price(item)
        assert isinstance(found, Priced), found
        priced.append(found)
    await rater.keep_cards()
    return rater, priced


def _rating_cost(card: chains.Card, calls: Sequence[UsageEvent], number: Callable[[UsageEvent], str]) -> float:
    """CPU µs a call, with the month's counter going through allowance and tiers."""
    assert card.commission is not None
    scheme = scheme_of(card.commission)
    spent, used = 0.0, 0
    for start in range(0, len(calls), BATCH):
        some = [
            (one.direction, number(one), int((one.ended_at - one.answered_at).total_seconds() * 1_000),  # type: ignore[operator]
             (("token", one.tokens), ("booking", one.bookings)))
            for one in calls[start : start + BATCH]
        ]  # fmt: skip
        began = time.process_time()
        for call in some:
            retail, wholesale = price(card.retail, *call, used), price(card.wholesale, *call)
            assert not isinstance(retail, Refusal)
            assert not isinstance(wholesale, Refusal)
            commission(scheme, retail[0], wholesale[0], retail[1])
            used = (used + retail[1]) % 80_000
        spent += time.process_time() - began
    return spent / len(calls) * 1e6


class PostingAndCopy:
    """Posting goes into one clone, COPY into another; both grow alike."""

    name = "posting"

    def __init__(self) -> None:
        self._posted: Store
        self._copied: Store

    async def prepare(self, bench: Bench) -> None:
        self._posted, self._copied = bench.house.store("posted"), bench.house.store("copied")
        await self._posted.clone()
        await self._copied.clone()

    async def round(self, bench: Bench, number: int) -> None:
        make = Maker(1_000 + number)
        resellers = bench.house.resellers[: bench.size.posted]  # a wallet's price holds for one posting
        async with self._posted.open(1):
            for reseller in resellers[:3]:
                await post_batches([await rated(reseller, make.batch(reseller.customers, BATCH))])
            await self._rate(bench, resellers[0], make)
            batches = [await rated(one, make.batch(one.customers, BATCH)) for one in resellers]
            calls = BATCH * len(batches)
            await self._posted.settle()
            cpu = time.process_time()
            with bench.watched("posting", calls):
                await post_batches(batches)
            bench.sheet.note("posting: client", (time.process_time() - cpu) / calls * 1e6, "µs/call")
        await self._copy(bench, [[one.row.id for one in priced] for _, priced in batches])
        bench.facts["books after posting"] = (await assert_sound(self._posted)).as_json()

    async def _copy(self, bench: Bench, ids: list[list[object]]) -> None:
        """The rows just booked, in the order in which they were booked, a transaction a thousand."""
        async with self._posted.admin() as source, self._copied.admin() as target:
            await target.execute("set row_security = off")
            records = [await source.fetch("select * from ledger.usage where id = any($1) order by tenant_id, id", some)
                       for some in ids]  # fmt: skip
            columns = list(records[0][0].keys())
            rows = [[tuple(record) for record in some] for some in records]
            await self._copied.settle()
            with bench.watched("COPY", sum(map(len, rows))):
                for some in rows:
                    await target.copy_records_to_table("usage", schema_name="ledger", records=some, columns=columns)
                await target.close()

    async def _rate(self, bench: Bench, reseller: Reseller, make: Maker) -> None:
        """Price, cost and commission of calls that were made a moment ago, as a decoder makes them."""
        found = await chains.cached(reseller.id, 0)
        calls = [call for call in make.batch(reseller.customers, 20_000) if call.answered_at is not None]
        card = found.chain_for(None, None, "EUR", calls[0].answered_at)  # type: ignore[arg-type]
        assert card is not None
        random = Random(len(bench.sheet.rows))
        bench.sheet.note("rating", _rating_cost(card, calls, lambda call: call.to_number), "µs/call")
        cost = _rating_cost(card, calls, lambda _: scattered(random))
        bench.sheet.note("rating, no two destinations alike", cost, "µs/call")

    async def finish(self, bench: Bench) -> None:
        await self._posted.drop()
        await self._copied.drop()
