"""The product through HTTP: batches, single reports, one hot wallet, and the same batch once more."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from ..bench import Bench
from ..events import Maker, as_request
from ..house import Store
from ..invariants import assert_sound
from ..load import Answers, drive
from ..serving import Served, serving

__all__ = ("Http",)

BATCH_CONNECTIONS = 4
SINGLE_CONNECTIONS = 50
HUNDRED_CONNECTIONS = 8


class Http:
    """One worker, one database, every round on top of the one before."""

    name = "http"

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._store: Store
        self._served: Served
        self._at_start = 0.0

    async def prepare(self, bench: Bench) -> None:
        self._store = bench.house.store("http")
        await self._store.clone()
        self._served = self._stack.enter_context(serving(self._store))
        make = Maker(9_000)
        self._at_start = self._largest()
        drive(
            self._served.port,
            BATCH_CONNECTIONS,
            [as_request(reseller, make.batch(reseller.customers, 200)) for reseller in bench.house.resellers],
        ).require(booked=200 * len(bench.house.resellers))

    async def round(self, bench: Bench, number: int) -> None:
        resellers, size = bench.house.resellers, bench.size
        make = Maker(number)
        batches = [
            as_request(one, make.batch(one.customers, 1_000))
            for one in (resellers[i % len(resellers)] for i in range(size.batches))
        ]
        await self._drive(bench, "batch of 1,000", 1_000, batches, BATCH_CONNECTIONS)
        again = batches[: len(batches) // 2]
        await self._drive(bench, "batch of 1,000 again", 1_000, again, BATCH_CONNECTIONS, results="duplicate")
        del batches, again
        wallets = [(one, customer) for customer in resellers[0].customers for one in resellers]
        singles = [
            as_request(one, [make.call(customer)])
            for one, customer in (wallets[i % len(wallets)] for i in range(size.singles))
        ]
        await self._drive(bench, "single reports", 1, singles, SINGLE_CONNECTIONS)
        one = resellers[number % len(resellers)]
        for label, customers in (
            ("100 calls of 100 wallets", one.customers),
            ("100 calls of one wallet", one.customers[:1]),
        ):
            hundreds = [as_request(one, make.batch(customers, 100)) for _ in range(size.hundreds)]
            await self._drive(bench, label, 100, hundreds, HUNDRED_CONNECTIONS)
        bench.sheet.note("worker after start", self._at_start, "MB")
        bench.sheet.note("worker", self._largest(), "MB")
        bench.facts["books after HTTP"] = (await assert_sound(self._store)).as_json()

    async def finish(self, bench: Bench) -> None:
        self._stack.close()
        async with self._store.admin() as admin:
            bench.facts["deadlocks over HTTP"] = await admin.fetchval(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
        await self._store.drop()

    def _largest(self) -> float:
        return max(self._served.worker_bytes()) / 1e6

    async def _drive(
        self,
        bench: Bench,
        label: str,
        calls: int,
        requests: Sequence[bytes],
        connections: int,
        *,
        results: str = "booked",
    ) -> Answers:
        await self._store.settle()
        total = calls * len(requests)
        with bench.watched(label, total, self._served):
            answers = drive(self._served.port, connections, requests)
        answers.require(**{results: total})
        bench.sheet.note(label, total / answers.wall, "calls/s")
        bench.sheet.note(f"{label}: client", answers.cpu / total * 1e6, "µs/call")
        bench.sheet.note(f"{label}: p50", answers.seconds[len(answers.seconds) // 2] * 1e3, "ms")
        bench.sheet.note(f"{label}: p99", answers.seconds[len(answers.seconds) * 99 // 100] * 1e3, "ms")
        return answers
