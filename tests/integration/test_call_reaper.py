"""Silent calls that cannot be settled: they wait longer each time and keep nobody else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from ledger_books import tampering

from askpro import clock, db
from askpro.calls.control import reaper
from askpro.calls.control.progress import InProgress
from askpro.calls.control.reaper import GRACE, Reaped, reap
from askpro.calls.refusals import open_refusals
from askpro.ids import new_id
from support.calling import FLAT, Desk, open_desk
from support.reports import NOON, alarms

pytestmark = pytest.mark.anyio

HELD = 240_000
"""For a call that was alive at the 55th second: two quanta."""
UNPRICED = {name: value for name, value in FLAT.items() if name != "items"}


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def state_of(desk: Desk, name: str) -> tuple[str, int, int]:
    """(state, what is held, how often it was tried in vain)."""
    async with db.unit(desk.tenant.id):
        row = await db.fetchrow(
            "select state, held, tries from ledger.hold where tenant_id = $1 and id = $2",
            desk.tenant.id,
            desk.id(name),
        )
    return tuple(row)


async def talk(desk: Desk, names: list[str], **more: Any) -> None:
    """Calls that are answered after two seconds and fall silent at the 55th."""
    await asyncio.gather(*(desk.start(name) for name in names))
    await asyncio.gather(*(desk.beat(name, 1, later(55), answered_at=later(2), **more) for name in names))


@asynccontextmanager
async def occupied(admin_dsn: str, desk: Desk, names: list[str]) -> AsyncIterator[None]:
    """Their charges cannot be booked: the key of each is taken."""
    keys = [(desk.tenant.id, str(desk.id(name)), new_id()) for name in names]
    async with tampering(admin_dsn) as admin:
        await admin.executemany(
            "insert into ledger.booking_key (tenant_id, kind, key, transfer_id) values ($1, 'reaped', $2, $3)", keys
        )
        yield
        await admin.execute("delete from ledger.booking_key where transfer_id = any($1)", [key[2] for key in keys])


async def test_three_hundred_that_fail_keep_no_good_one_waiting(database: Any) -> None:
    """Each that raises is put off by itself; the good one among them is settled by the same run."""
    desk = await open_desk(100_000_000)
    broken = [f"broken-{n}" for n in range(300)]
    await talk(desk, [*broken[:150], "good", *broken[150:]])
    async with occupied(database.admin_dsn, desk, broken):
        with clock.frozen(later(176)):
            assert await reap() == Reaped(1, 0, 0)
            assert await reap() == Reaped(0, 0, 0)
    assert await state_of(desk, "good") == ("reaped", 0, 0)
    assert [await state_of(desk, name) for name in broken[::100]] == [("open", HELD, 1)] * 3
    with clock.frozen(later(300)):
        assert (await reap()).charged == 300  # nothing is in their way any more
    assert await alarms(desk.tenant.id) == []


async def test_those_put_off_leave_room_for_others(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More broken calls than a run takes, all of them older: the longest wait ends first, so each has its turn."""
    monkeypatch.setattr(reaper, "_AT_ONCE", 4)
    desk = await open_desk(100_000_000)
    broken = [f"broken-{n}" for n in range(10)]
    await talk(desk, broken)
    await desk.start("good")
    await desk.beat("good", 1, later(57), answered_at=later(2))
    async with occupied(database.admin_dsn, desk, broken):
        charged = []
        for minute in range(3):
            with clock.frozen(later(200 + 60 * minute)):
                charged.append((await reap()).charged)
    assert sum(charged) == 1


async def test_the_distance_grows_to_a_day(database: Any) -> None:
    """After 1, 4, 16 … minutes and in the end after a day, and not half a minute earlier: 48 hours are eight tries."""
    desk = await open_desk(1_000_000)
    await talk(desk, ["broken"])
    async with occupied(database.admin_dsn, desk, ["broken"]):
        for before, minute in enumerate((0, 1, 5, 21, 85, 341, 1365, 2805, 4245)):
            at = 200 + 60 * minute + before  # each was a second late
            for seconds, tries in ((at - 30, before), (at, before + 1)):
                with clock.frozen(later(seconds)):
                    await reap()
                assert (await state_of(desk, "broken"))[2] == tries


async def test_a_call_that_lives_again_begins_anew(database: Any) -> None:
    """What was tried in vain before a sign of life does not count when the call falls silent again."""
    desk = await open_desk(1_000_000)
    await talk(desk, ["a"])
    async with occupied(database.admin_dsn, desk, ["a"]):
        for seconds in (200, 300, 600):
            with clock.frozen(later(seconds)):
                await reap()
    assert (await state_of(desk, "a"))[2] == 3
    await desk.beat("a", 2, later(610))
    with clock.frozen(later(610 + 121)):
        assert (await reap()).charged == 1


async def test_what_cannot_be_priced_is_charged_what_was_held_in_time(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error while pricing is tried again; when the grace is over, what was held is charged."""
    desk = await open_desk(1_000_000)
    await talk(desk, ["bad", "good"])
    priced = reaper.price_of

    async def failing(tenant: UUID, call: InProgress, *rest: Any, **more: Any) -> Any:
        if call.external_id == "bad":
            raise RuntimeError("a price list that cannot be read")
        return await priced(tenant, call, *rest, **more)

    monkeypatch.setattr(reaper, "price_of", failing)
    with clock.frozen(later(200)):
        assert await reap() == Reaped(1, 0, 0)
    assert await state_of(desk, "bad") == ("open", HELD, 1)
    with clock.frozen(later(200) + GRACE):
        assert (await reap()).charged == 1
    assert await state_of(desk, "bad") == ("reaped", 0, 1)
    assert await desk.money() == (1_000_000 - 53 * 2_000 - HELD, 0, 0)
    assert await alarms(desk.tenant.id) == []


async def test_a_call_of_a_customer_who_cannot_be_found_frees_its_hold(database: Any) -> None:
    """Where nobody can say whose call it is any more, what was held is charged, not held for ever."""
    desk = await open_desk(1_000_000)
    await talk(desk, ["a"])
    async with db.unit(desk.tenant.id):
        await db.execute("update people.customer set number = 'elsewhere' where tenant_id = $1", desk.tenant.id)
    with clock.frozen(later(200)):
        assert (await reap()).charged == 1
    assert await desk.money() == (1_000_000 - HELD, 0, 0)
    with clock.frozen(later(300) + GRACE):
        assert await reap() == Reaped(0, 0, 0)
    assert await state_of(desk, "a") == ("reaped", 0, 1)


async def test_reaped_calls_that_are_refused_are_shown_and_put_off(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a rate for what they counted: nothing is held, the work list names them, a good one is booked."""
    monkeypatch.setattr(reaper, "_AT_ONCE", 3)
    desk = await open_desk(10_000_000, UNPRICED)
    unpriced = [f"u{n}" for n in range(6)]
    await talk(desk, unpriced, tokens=5)
    await desk.start("good")
    await desk.beat("good", 1, later(57), answered_at=later(2))
    for seconds in (200, 260, 320):
        with clock.frozen(later(seconds)):
            await reap()
    assert await desk.states() == {"reaped": 7}
    assert (await desk.money())[1] == 0
    booked = []
    for minute in range(4):
        with clock.frozen(later(400 + 60 * minute) + GRACE):
            booked.append((await reap()).booked)
    assert sum(booked) == 1
    async with db.unit(desk.tenant.id):
        shown = {(one.external_id, one.reason) for one in await open_refusals(desk.tenant.id)}
    assert shown == {(name, "rate_missing") for name in unpriced}
    assert await desk.states() == {"reaped": 6, "finished": 1}
    assert all([(await state_of(desk, name))[2] in (1, 2) for name in unpriced])
    assert await alarms(desk.tenant.id) == []
