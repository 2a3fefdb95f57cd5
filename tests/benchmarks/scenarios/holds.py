"""Calls under control: what admitting one costs beside a bare ``select 1`` on the same pool, fifty at a time.

In this process, without HTTP: a switch that waits for its answer on each of fifty lines. All customers of all resellers
take turns, with the benchmark's whole price list (allowance and tiers), so every price is one of the month's.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID

from askpro import db
from askpro.calls.control.model import CallEnd, CallStart
from askpro.calls.control.service import Control
from askpro.calls.train import Train

from ..bench import Bench
from ..events import Maker
from ..house import BY, ZONE, Reseller, Store
from ..invariants import assert_sound

__all__ = ("Holds",)

LINES = 50
CONNECTIONS = 4
SETTLED = 1_000

_SUMS = """
select (select coalesce(sum(held), 0) from ledger.wallet)::bigint as wallets,
       (select coalesce(sum(held), 0) from ledger.hold)::bigint as holds,
       (select count(*) from ledger.hold where state = 'open') as open
"""


class Holds:
    """Admitted, and a part of them finished; what is held adds up after every round."""

    name = "holds"

    def __init__(self) -> None:
        self._store: Store

    async def prepare(self, bench: Bench) -> None:
        self._store = bench.house.store("holds")
        await self._store.clone()

    async def round(self, bench: Bench, number: int) -> None:
        count, make = bench.size.singles, Maker(5_000 + number)
        wallets = [(one, customer) for customer in bench.house.resellers[0].customers for one in bench.house.resellers]
        starts = [
            (one, _start(make, customer)) for (one, customer), _ in zip(cycle(wallets), range(count), strict=False)
        ]
        async with self._store.open(CONNECTIONS):
            control = Control(Train())
            calls: list[tuple[Reseller, UUID, CallStart]] = []

            async def authorize(n: int) -> None:
                one, start = starts[n]
                decision = await control.authorize(one.id, ZONE, start, by=BY)
                assert decision.allowed, decision
                calls.append((one, decision.call, start))

            async def select(_: int) -> None:
                await db.call("select 1")

            async def finish(n: int) -> None:
                one, call, start = calls[n]
                end = CallEnd(answered_at=start.started_at, ended_at=start.started_at + timedelta(seconds=45))
                settled = await control.finish(one.id, call, end, by=BY)
                assert settled.status == "booked", settled

            await self._store.settle()
            for n in range(len(wallets)):  # the process has seen every customer, PostgreSQL settles on its plans
                one, customer = wallets[n]
                starts.append((one, _start(make, customer)))
            await _load(lambda n: authorize(count + n), len(wallets))
            del starts[count:]
            gc.collect()
            gc.freeze()  # as the application does when it has started
            for name, work in (("select 1", select), ("authorize", authorize)) if number % 2 else (
                ("authorize", authorize), ("select 1", select)
            ):  # fmt: skip
                with bench.watched(f"holds: {name}", len(starts)):
                    seconds, wall = await _load(work, len(starts))
                bench.sheet.note(f"holds: {name}", len(starts) / wall, "calls/s")
                bench.sheet.note(f"holds: {name}: p50", seconds[len(seconds) // 2] * 1e3, "ms")
                bench.sheet.note(f"holds: {name}: p99", seconds[len(seconds) * 99 // 100] * 1e3, "ms")
            with bench.watched("holds: finish", SETTLED):
                _, wall = await _load(finish, SETTLED)
            bench.sheet.note("holds: finish", SETTLED / wall, "calls/s")
            await _load(lambda n: _cancel(control, calls[SETTLED + n]), len(calls) - SETTLED)
        async with self._store.admin() as admin:
            sums = await admin.fetchrow(_SUMS)
        assert (sums["wallets"], sums["holds"], sums["open"]) == (0, 0, 0), sums
        bench.facts["books after holds"] = (await assert_sound(self._store)).as_json()

    async def finish(self, bench: Bench) -> None:
        await self._store.drop()


def _start(make: Maker, customer: str) -> CallStart:
    call = make.call(customer)
    return CallStart(
        id=call.id,
        customer=customer,
        direction=call.direction,
        to_number=call.to_number,
        from_number=call.from_number,
        started_at=datetime.now(UTC) - timedelta(minutes=2),
    )


async def _cancel(control: Control, call: tuple[Reseller, UUID, CallStart]) -> None:
    await control.cancel(call[0].id, call[1])


async def _load(work: Callable[[int], Awaitable[None]], count: int) -> tuple[Sequence[float], float]:
    """``work(0)`` … ``work(count - 1)`` on fifty lines, each taking the next as soon as it has its answer."""
    numbers, seconds = iter(range(count)), []

    async def line() -> None:
        for n in numbers:
            began = time.perf_counter()
            await work(n)
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(line() for _ in range(LINES)))
    return sorted(seconds), time.perf_counter() - began
