"""Everything at once: each call three times, in batches of any size, eight at a time, with wallets that run dry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

import msgspec

from askpro.calls.events import UsageEvent

from ..bench import Bench
from ..events import Maker, as_request
from ..house import OPENING, Reseller, Store
from ..invariants import assert_sound
from ..load import drive
from ..serving import serving

__all__ = ("Storm",)

COPIES = 3
CONNECTIONS = 8
WORKERS = 2
LARGEST = 200
RESELLERS = 2
REST = 4_000_000
"""What is left in each wallet, in 10⁻⁶: it lasts for some of the calls; the others are overrun (D6)."""
_ATTEMPTS = 20
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


class _Result(msgspec.Struct):
    id: str
    status: str


class _Results(msgspec.Struct):
    results: list[_Result]


_answers = msgspec.json.Decoder(_Results)


class Storm:
    """Not a matter of speed: no call is booked twice, none is lost, no chain breaks, nobody deadlocks."""

    name = "storm"

    async def prepare(self, bench: Bench) -> None:
        """Nothing: a database of its own each round."""

    async def round(self, bench: Bench, number: int) -> None:
        store = bench.house.store("storm")
        await store.clone()
        random, make = Random(number), Maker(3_000 + number)
        resellers = bench.house.resellers[:RESELLERS]
        await self._drain(store, resellers)
        sent: list[tuple[Reseller, list[UsageEvent]]] = []
        for reseller in resellers:
            calls = make.batch(reseller.customers[:50], bench.size.storm // RESELLERS)
            copies = calls * COPIES
            random.shuffle(copies)
            while copies:
                size = random.randint(1, LARGEST)
                sent.append((reseller, copies[:size]))
                copies = copies[size:]
        random.shuffle(sent)
        answers = await self._send(store, sent)
        total = bench.size.storm // RESELLERS * RESELLERS
        booked = {key: count for key, count in answers.items() if key[1] == "booked"}
        assert set(booked.values()) == {1}, "a call was answered as booked twice"
        assert len(booked) == total, f"{len(booked)} of {total} calls were booked"
        assert {status for _, status in answers} <= {"booked", "duplicate"}, Counter(s for _, s in answers)
        books = await assert_sound(store)
        assert books.calls == total
        assert books.overrun > 0, "the wallets never ran dry"
        async with store.admin() as admin:
            deadlocks = await admin.fetchval(DEADLOCKS)
        assert deadlocks == 0
        bench.sheet.note("storm: doubles, broken chains, deadlocks", books.doubled + books.broken + deadlocks, "")
        bench.facts["books after the storm"] = books.as_json()
        await store.drop()

    async def _drain(self, store: Store, resellers: Sequence[Reseller]) -> None:
        """Leave little in the wallets, by a booking like any other."""
        async with store.admin() as admin:
            for reseller in resellers:
                await admin.execute(
                    "select ledger.post_many(array_agg(w.tenant_id), array_agg(i), array_agg(i), array_agg(w.id),"
                    " array_agg(ledger.account_id(w.tenant_id, 'adjustment', 'EUR')), array_agg($2::bigint),"
                    " array_agg('adjustment'::text), array_agg(null::text), array_agg(current_date), array_agg(now()),"
                    " array_agg('system:storm'::text), array_agg(''::text), array_agg(null::uuid), array_agg(false),"
                    " array_agg(null::jsonb))"
                    " from (select *, uuidv7() as i from ledger.wallet where tenant_id = $1) w",
                    reseller.id,
                    OPENING - REST,
                )

    async def _send(self, store: Store, sent: Sequence[tuple[Reseller, list[UsageEvent]]]) -> Counter[tuple[str, str]]:
        """Send until every batch has got its answer: 503 says that the same batch may come again."""
        answers: Counter[tuple[str, str]] = Counter()
        waiting = [as_request(reseller, calls) for reseller, calls in sent]
        with serving(store, workers=WORKERS) as served:
            for _ in range(_ATTEMPTS):
                got = drive(served.port, CONNECTIONS, waiting, keep=True)
                assert set(got.statuses) <= {200, 503}, got.statuses
                again = []
                for one, body in zip(waiting, got.bodies, strict=True):
                    if re.match(rb'\{"results":', body):
                        answers.update((result.id, result.status) for result in _answers.decode(body).results)
                    else:
                        again.append(one)
                if not again:
                    return answers
                waiting = again
        raise AssertionError(f"{len(waiting)} batches were never answered")

    async def finish(self, bench: Bench) -> None:
        """Nothing is left."""
