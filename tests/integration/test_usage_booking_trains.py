"""Trains and civil days: who travels with whom harms nobody, and every call belongs to its day."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from askpro import db
from askpro.calls.events import UsageResult
from askpro.calls.train import Train, book_reports
from askpro.ledger.proof import prove
from askpro.tenancy.model import Tenant
from house import BY, wholesale
from support.reports import NOON, alarms, call, lines, wallet
from support.shops import Shop, open_shop, shop

pytestmark = pytest.mark.anyio
__all__ = ("shop",)

# Trains


async def booked_trains(tenant: Tenant) -> int:
    async with db.unit(tenant.id):
        return int(
            await db.fetchval("select count(distinct wallet_seq) from ledger.usage where tenant_id = $1", tenant.id)
        )


async def test_singles_travel_together(shop: Shop) -> None:
    """Sixty callers at once cost two bookings at most, and each gets the answer to its own report."""
    train = Train()

    async def single(n: int) -> list[UsageResult]:
        return await train.submit(shop.tenant.id, shop.tenant.timezone, [call(f"s-{n}", seconds=n)], by=BY)

    answers = await asyncio.gather(*(single(n) for n in range(60)))
    assert [(one.id, one.price) for [one] in answers] == [(f"s-{n}", n * 1_000) for n in range(60)]
    assert await booked_trains(shop.tenant) <= 2


async def test_a_train_carries_several_tenants(shop: Shop) -> None:
    """Passengers of two resellers with the same ids and customer numbers do not meet."""
    other = await open_shop(slug="two")
    train = Train()
    answers = await asyncio.gather(
        *(train.submit(one.tenant.id, one.tenant.timezone, [call("same")], by=BY) for one in (shop, other, shop, other))
    )
    assert sorted(answer.status for [answer] in answers) == ["booked", "booked", "duplicate", "duplicate"]
    for one in (shop, other):
        assert len(await lines(one.tenant.id)) == 1
        assert await alarms(one.tenant.id) == []


HUGE = 10**25
POISON: list[dict[str, Any]] = [
    {"id": "nul\x00"},
    {"id": ""},
    {"id": "x" * 100_000},
    {"id": "\ud800"},
    {"customer": "NO\x00-1"},
    {"customer": "Ω" * 5_000},
    {"source": "p\x00bx"},
    {"disposition": "AN\x00SWERED", "to_number": "1"},
    {"direction": "in\x00bound"},
    {"from_number": "\x00"},
    {"to_number": "+49\x0030"},
    {"to_number": "+٤٩٣٠"},
    {"tokens": HUGE},
    {"bookings": -HUGE},
    {"bookings": 2**31},
    {"tokens": 2**63},
    {"started_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))},
    {"started_at": datetime(1950, 1, 1, tzinfo=UTC), "answered_at": None, "ended_at": datetime(1950, 1, 1, tzinfo=UTC)},
    {"started_at": datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12)))},
    {"ended_at": datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=23, minutes=59, seconds=59)))},
    {"started_at": NOON.replace(tzinfo=None)},
    {"answered_at": NOON.replace(tzinfo=None)},
    {"started_at": None},
    {"ended_at": None},
]


@pytest.mark.parametrize(
    "poison", POISON, ids=lambda changes: f"{'-'.join(changes)}-{repr(next(iter(changes.values())))[:12]}"
)
async def test_poison_is_refused_by_itself(shop: Shop, poison: dict[str, Any]) -> None:
    """Whatever a report holds, it is refused twice in the same way, kept, and its neighbours are booked."""
    bad = call("bad", **poison)
    answers = await shop.report(call("a"), bad, call("b"))
    assert [one.status for one in answers] == ["booked", "refused", "booked"]
    again = await shop.report(call("a"), bad, call("c"))
    assert [one.status for one in again] == ["duplicate", "duplicate", "booked"]
    assert again[1].reason == answers[1].reason
    assert await alarms(shop.tenant.id) == []


async def test_who_breaks_a_train_breaks_it_for_nobody_else(shop: Shop) -> None:
    """A passenger that is no report at all hears of it alone; the others are answered booked, not duplicate."""
    train = Train()

    async def ride(event: Any) -> Any:
        try:
            [answer] = await train.submit(shop.tenant.id, shop.tenant.timezone, [event], by=BY)
        except Exception as error:
            return type(error).__name__
        return answer.status

    first = asyncio.create_task(ride(call("first")))
    await asyncio.sleep(0)
    riders = [call("a"), call("b", id=7), call("c"), call("d", tokens="many"), call("e", started_at="today"), call("f")]  # type: ignore[arg-type]
    answers = await asyncio.gather(*(ride(event) for event in riders))
    assert await first == "booked"
    assert [answers[n] for n in (0, 2, 5)] == ["booked"] * 3
    assert not {"booked", "duplicate"} & {answers[n] for n in (1, 3, 4)}
    assert len(await lines(shop.tenant.id)) == 4


async def test_a_passenger_who_gives_up_leaves_the_others_alone(shop: Shop) -> None:
    """Cancelled requests, before and during the ride: everybody else is answered, and a retry is safe."""
    train = Train()

    def ride(n: int) -> asyncio.Task[list[UsageResult]]:
        return asyncio.create_task(train.submit(shop.tenant.id, shop.tenant.timezone, [call(f"p-{n}")], by=BY))

    riders = [ride(n) for n in range(20)]
    await asyncio.sleep(0)
    riders[0].cancel()
    riders[7].cancel()
    await asyncio.sleep(0.005)
    riders[11].cancel()
    answers = await asyncio.gather(*riders, return_exceptions=True)
    gone = [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)]
    assert {0, 7} <= set(gone) <= {0, 7, 11}
    assert all(answer[0].status == "booked" for n, answer in enumerate(answers) if n not in gone)  # type: ignore[index]

    [again] = await ride(0)
    assert again.status in ("booked", "duplicate")
    assert await wallet(shop.tenant, shop.customer) == (0, len(await lines(shop.tenant.id)) * 60_000)
    assert await alarms(shop.tenant.id) == []


async def test_a_cancelled_batch_is_booked_wholly_or_not_at_all(shop: Shop) -> None:
    """A large batch travels alone; cut off at any moment it leaves whole trains, and the repeat completes it."""
    events = [call(f"b-{n}") for n in range(400)]
    for wait in (0.001, 0.004, 0.02, 0.05):
        task = asyncio.create_task(book_reports(shop.tenant.id, shop.tenant.timezone, events, by=BY))
        await asyncio.sleep(wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(await lines(shop.tenant.id)) in (0, 400)
    await shop.report(*events)
    assert len(await lines(shop.tenant.id)) == 400
    assert await alarms(shop.tenant.id) == []


# Civil days


async def test_a_month_is_opened_by_many_at_once(database: Any) -> None:
    """The first calls of a month arrive over several connections: each finds its partition, whoever makes it."""
    connections = await asyncio.gather(*(asyncpg.connect(database.dsn) for _ in range(8)))
    try:
        for year in range(2031, 2036):
            await asyncio.gather(
                *(one.execute("select ledger.ensure_month($1)", date(year, 5, 1)) for one in connections)
            )
    finally:
        await asyncio.gather(*(one.close() for one in connections))


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("Europe/Berlin", "2026-03-28T22:59:59.999Z", date(2026, 3, 28)),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", date(2026, 3, 29)),
        ("Europe/Berlin", "2026-03-29T00:59:59.999Z", date(2026, 3, 29)),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", date(2026, 3, 29)),
        ("Europe/Berlin", "2026-03-29T21:59:59.999Z", date(2026, 3, 29)),
        ("Europe/Berlin", "2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("Europe/Berlin", "2025-10-26T22:59:59Z", date(2025, 10, 26)),
        ("Europe/Berlin", "2025-10-26T23:00:00Z", date(2025, 10, 27)),
        ("Europe/Berlin", "2026-03-31T22:00:00Z", date(2026, 4, 1)),
        ("Europe/Berlin", "2025-12-31T22:59:59Z", date(2025, 12, 31)),
        ("Europe/Berlin", "2025-12-31T23:00:00Z", date(2026, 1, 1)),
        ("America/New_York", "2026-03-08T04:59:59Z", date(2026, 3, 7)),
        ("America/New_York", "2026-03-08T05:00:00Z", date(2026, 3, 8)),
        ("America/New_York", "2026-03-09T03:59:59Z", date(2026, 3, 8)),
        ("America/New_York", "2026-03-09T04:00:00Z", date(2026, 3, 9)),
        ("America/New_York", "2026-04-01T03:59:59Z", date(2026, 3, 31)),
        ("America/New_York", "2026-01-01T04:59:59Z", date(2025, 12, 31)),
        ("Asia/Kathmandu", "2026-03-28T18:14:59Z", date(2026, 3, 28)),
        ("Asia/Kathmandu", "2026-03-28T18:15:00Z", date(2026, 3, 29)),
    ],
)
async def test_a_call_belongs_to_the_day_it_began_where_the_tenant_is(
    database: object, zone: str, instant: str, day: date
) -> None:
    """Across changes of clocks, months and years: call, transfers and month agree on the civil day."""
    await wholesale()
    shop = await open_shop(timezone=zone)
    began = datetime.fromisoformat(instant)
    await shop.report(call("a", at=began), call("b", at=began.astimezone(timezone(timedelta(hours=-11)))))
    async with db.unit(shop.tenant.id):
        days = await db.fetch("select day from ledger.usage union all select day from ledger.transfer")
        months = await db.fetch("select month from ledger.usage_month")
    assert {row["day"] for row in days} == {day}
    assert [row["month"] for row in months] == [day.replace(day=1)]
    assert await alarms(shop.tenant.id) == []


async def test_a_call_that_comes_back_in_another_month_is_booked_and_shown(shop: Shop) -> None:
    """The guard holds within a month; the proof shows an id that comes back later, and raises no alarm for it."""
    answers = await shop.said(call("a"), call("a", at=NOON + timedelta(days=31)))
    assert answers == [("booked", ""), ("booked", "")]
    [found] = await prove(shop.tenant.id)
    assert not found.alarm
    assert "pbx a" in found.subject
    assert found.found == "2026-03-24, 2026-04-24"
