"""Calls under control: nobody talks on money that is not there, and every call is settled once, whatever goes wrong."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from ledger_books import tampering
from msgspec import structs

from askpro import clock, db
from askpro.calls.control import soft_caps
from askpro.calls.control.limits import Caps, set_caps
from askpro.calls.control.model import Beat
from askpro.calls.control.reaper import GRACE, Reaped, reap
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ledger import holds
from askpro.ledger.hold_checks import HOLD_CHECKS
from askpro.ledger.proof import prove
from askpro.ledger.service import set_terms
from askpro.people.customers import set_customer_status
from askpro.tenancy.service import update_tenant
from house import BY, customer, prices
from support.calling import FLAT, Desk, open_desk
from support.reports import NOON, alarms, call, credit, lines, report, sums

pytestmark = pytest.mark.anyio

QUANTUM = 120_000
COST_OF_A_QUANTUM = 40_000  # the reseller's


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def cap(desk: Desk, scope: Any, subject: Any, **caps: int) -> None:
    """Set caps at noon."""
    with clock.frozen(NOON):
        await set_caps(desk.tenant.id, scope, subject, Caps(**caps), by=BY)


@pytest.fixture
async def desk(database: object) -> Desk:
    """A customer with a euro."""
    return await open_desk(1_000_000)


async def test_a_call_from_beginning_to_end(desk: Desk) -> None:
    """Held by the quantum, extended in time, booked exactly, and what was held is free."""
    begun = await desk.start("a")
    assert (begun.allowed, begun.held, begun.seconds_left, begun.covered, begun.next_in) == (True, QUANTUM, 500, 60, 50)
    assert await desk.money() == (1_000_000, QUANTUM, 0)

    early = await desk.beat("a", 1, later(30), answered_at=later(2))
    assert (early.allowed, early.held, early.covered, early.seq) == (True, QUANTUM, 32, 1)
    due = await desk.beat("a", 2, later(53))
    assert (due.held, due.covered, due.seconds_left, due.wrap_up) == (2 * QUANTUM, 69, 449, False)

    over = await desk.end("a", 70.5)
    assert (over.status, over.price, over.billed_seconds, over.balance) == ("booked", 142_000, 71, 858_000)
    assert await desk.money() == (858_000, 0, 0)
    assert await desk.states() == {"finished": 1}
    assert await alarms(desk.tenant.id) == []


async def test_everything_may_be_asked_again(desk: Desk) -> None:
    """Each request twice, and the call's record through the other door: one hold, one booking, the same answers."""
    assert await desk.start("a") == await desk.start("a")
    assert await desk.money() == (1_000_000, QUANTUM, 0)
    once = await desk.beat("a", 1, later(55), answered_at=later(2))
    again = await desk.beat("a", 1, later(55), answered_at=later(2))
    assert (once.held, once.seq, once.covered) == (again.held, again.seq, again.covered) == (2 * QUANTUM, 1, 67)
    first = await desk.end("a", 60)
    second = await desk.end("a", 60)
    assert (first.status, second.status) == ("booked", "duplicate")
    assert (first.price, first.balance, first.billed_seconds) == (second.price, second.balance, second.billed_seconds)
    [record] = await report(desk.tenant, call("a"))
    assert record.status == "duplicate"
    assert not (await desk.start("a")).allowed
    assert (await desk.beat("a", 2, later(70))).reason == "call_over"
    assert len(await lines(desk.tenant.id)) == 1
    assert await alarms(desk.tenant.id) == []


async def test_a_record_through_the_other_door_frees_the_hold(desk: Desk) -> None:
    """The switch reports the finished call as usage and never says finish: booked once, nothing stays held."""
    await desk.start("a")
    [record] = await report(desk.tenant, call("a"))
    assert (record.status, record.price) == ("booked", QUANTUM)
    assert await desk.money() == (880_000, 0, 0)
    assert (await desk.end("a", 60)).status == "duplicate"
    assert await alarms(desk.tenant.id) == []


async def test_another_call_under_a_known_id_is_told_so(desk: Desk) -> None:
    """The same id with other facts: refused at the start, a conflict at the end."""
    await desk.start("a")
    assert (await desk.start("a", to_number="+4930333")).reason == "id_in_use"
    await desk.end("a", 60)
    with pytest.raises(Conflict):
        await desk.end("a", 61)
    assert await desk.money() == (880_000, 0, 0)


async def test_a_call_that_did_not_come_about(desk: Desk) -> None:
    """Cancelled: all is free. One that was answered cannot be cancelled; an unknown one is not there."""
    await desk.start("a")
    await desk.start("b")
    await desk.cancel("a")
    await desk.cancel("a")
    assert await desk.money() == (1_000_000, QUANTUM, 0)
    await desk.beat("b", 1, later(5), answered_at=later(2))
    with pytest.raises(Conflict, match="answered"):
        await desk.cancel("b")
    for wrong in (desk.cancel("c"), desk.end("c", 1), desk.beat("c", 1, NOON)):
        with pytest.raises(NotFound):
            await wrong
    nobody = await desk.end("b", 0, answered_at=None, disposition="NO_ANSWER")
    assert (nobody.price, nobody.billed_seconds) == (0, 0)
    assert await desk.states() == {"cancelled": 1, "finished": 1}
    assert await alarms(desk.tenant.id) == []


async def test_a_cancelled_call_that_took_place_is_booked(desk: Desk) -> None:
    """What happened is charged, whatever was said before."""
    await desk.start("a")
    await desk.cancel("a")
    assert (await desk.end("a", 60)).price == QUANTUM
    assert await alarms(desk.tenant.id) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"to_number": "030"}, "bad_number"), ({"id": ""}, "missing_id"), ({"started_at": later(3_600)}, "in_future")],
)
async def test_what_is_no_call_is_refused(desk: Desk, changes: dict[str, Any], code: str) -> None:
    """As a finished call would be."""
    with pytest.raises(InvalidInput) as caught:
        await desk.start("a", **changes)
    assert caught.value.code == code


async def test_why_a_call_may_not_begin(database: object) -> None:
    """No customer, no price, no money, a locked wallet, a suspended customer: each said in one word, nothing held."""
    desk = await open_desk(0)
    assert (await desk.start("a", customer="NO-9")).reason == "unknown_customer"
    assert (await desk.start("b", direction="outbound", to_number="+351211")).reason == "rate_missing"
    assert (await desk.start("c")).reason == "insufficient_funds"
    await credit(desk.tenant, desk.customer, 1_000_000)
    await set_terms(desk.tenant.id, desk.customer.wallet_id, frozen=True)
    assert (await desk.start("d")).reason == "wallet_frozen"
    await set_terms(desk.tenant.id, desk.customer.wallet_id, frozen=False)
    await set_customer_status(desk.tenant.id, desk.customer.id, "suspended", by=BY)
    assert (await desk.start("e")).reason == "customer_suspended"
    assert await desk.money() == (1_000_000, 0, 0)
    assert await desk.states() == {}


async def test_prices_published_a_moment_ago_hold(desk: Desk) -> None:
    """What a process remembers of a customer is never what a call is admitted by."""
    await desk.start("a")
    with clock.frozen(NOON):
        await prices(desk.tenant.id, {**FLAT, "inbound": "0.24"}, begins=later(1))
    assert (await desk.start("b", at=later(2))).held == 2 * QUANTUM


# The end of the money


async def test_the_end_of_the_money_is_announced(database: object) -> None:
    """Less than a quantum: as much is held as there is, and the call is told to come to its end."""
    desk = await open_desk(150_000)
    begun = await desk.start("a")
    assert (begun.seconds_left, begun.wrap_up) == (75, False)
    last = await desk.beat("a", 1, later(55), answered_at=later(2))
    assert (last.allowed, last.wrap_up, last.held, last.seconds_left, last.covered) == (True, True, 150_000, 22, 22)
    over = await desk.beat("a", 2, later(80))
    assert (over.allowed, over.wrap_up, over.reason) == (False, True, "insufficient_funds")
    assert await desk.money() == (150_000, 150_000, 0)
    assert (await desk.end("a", 75)).overrun == 0
    assert await alarms(desk.tenant.id) == []


async def test_a_short_call_is_sold_where_money_does_for_less_than_a_quantum(database: object) -> None:
    """30 seconds' money is 30 seconds of a call billed by the second, and none of one with a block of a minute."""
    desk = await open_desk(60_000)
    begun = await desk.start("a")
    assert (begun.allowed, begun.held, begun.seconds_left, begun.wrap_up) == (True, 60_000, 30, True)
    assert not (await desk.start("b")).allowed
    block = await open_desk(119_999, {**FLAT, "increments": "60/1"}, slug="two")
    assert (await block.start("a")).reason == "insufficient_funds"


async def test_an_overrun_takes_what_is_free_then_a_quantum_and_no_more(database: object) -> None:
    """A switch that hangs up late: first the wallet's free money, then an overrun of a quantum, the rest is cut off."""
    desk = await open_desk(200_000)
    await desk.start("a")
    late = await desk.end("a", 130)  # 260,000: 60,000 more than there is
    assert (late.price, late.overrun, late.unbilled_seconds) == (260_000, 60_000, 0)
    assert await desk.money() == (0, 0, 60_000)

    other = await open_desk(200_000, slug="two")
    await other.start("b")
    never = await other.end("b", 3_600)
    assert (never.price, never.overrun, never.unbilled_seconds) == (320_000, QUANTUM, 3_440)
    assert await other.money() == (0, 0, QUANTUM)
    again = await other.end("b", 3_600)
    assert (again.status, again.price, again.unbilled_seconds) == ("duplicate", 320_000, 3_440)
    async with db.unit(other.tenant.id):
        facts = await db.fetchval("select payload from events.outbox where kind = 'call.overrun'")
    assert (facts["overrun"], facts["unbilled_seconds"]) == (QUANTUM, 3_440)
    for one in (desk, other):
        assert await alarms(one.tenant.id) == []


async def test_the_cut_does_not_hang_on_the_letters_of_the_disposition(database: object) -> None:
    """``answered`` is rated as ``ANSWERED`` is, so it is cut off as well; a repeat that denies the talk is refused."""
    desk = await open_desk(200_000)
    await desk.start("a")
    never = await desk.end("a", 3_600, disposition="answered")
    assert (never.price, never.overrun, never.unbilled_seconds) == (320_000, QUANTUM, 3_440)
    again = await desk.end("a", 3_600, disposition="answered")
    assert (again.status, again.price, again.unbilled_seconds) == ("duplicate", 320_000, 3_440)
    with pytest.raises(Conflict):
        await desk.end("a", 3_600, answered_at=None, disposition="BUSY")


async def test_items_may_exceed_what_was_held(database: object) -> None:
    """Tokens are unknown at the start: reported on the way they are held for, reported at the end they are owed."""
    desk = await open_desk(200_000)
    await desk.start("a")
    on_the_way = await desk.beat("a", 1, later(20), answered_at=later(2), tokens=30)
    assert on_the_way.held == QUANTUM + 30_000
    over = await desk.end("a", 60, tokens=500)
    assert (over.price, over.overrun, over.unbilled_seconds) == (620_000, 420_000, 0)
    assert await alarms(desk.tenant.id) == []


async def test_no_more_for_a_customer_who_was_suspended_meanwhile(desk: Desk) -> None:
    """What is covered may be talked; nothing is held any more."""
    await desk.start("a")
    await set_customer_status(desk.tenant.id, desk.customer.id, "suspended", by=BY)
    last = await desk.beat("a", 1, later(55), answered_at=later(2))
    assert (last.allowed, last.reason, last.wrap_up) == (True, "suspended", True)
    assert (last.held, last.seconds_left) == (QUANTUM, 7)


# Many at once


@pytest.mark.parametrize("above", [False, True], ids=["customer", "customer and reseller"])
async def test_a_thousand_calls_at_once_on_money_for_four_hundred(database: object, above: bool) -> None:
    """Exactly 400 get through, held to the unit, and not one more than the money pays for, whoever has to pay."""
    desk = await open_desk((1_000 if above else 400) * QUANTUM)
    own = await desk.own_wallet(400 * COST_OF_A_QUANTUM) if above else None
    others = [Desk(desk.tenant, desk.customer) for _ in range(7)]  # as many processes, each with convoys of its own

    async def one(n: int) -> str:
        found = await [desk, *others][n % 8].start(f"c-{n}")
        return "through" if found.allowed else found.reason

    answers = Counter(await asyncio.gather(*(one(n) for n in range(1_000))))
    assert answers == {"through": 400, "reseller_funds" if above else "insufficient_funds": 600}
    posted, held, _ = await desk.money()
    assert (posted, held) == ((1_000 if above else 400) * QUANTUM, 400 * QUANTUM)
    if own:
        assert await desk.money(own) == (400 * COST_OF_A_QUANTUM, 400 * COST_OF_A_QUANTUM, 0)
    assert await alarms(desk.tenant.id) == []

    async with db.unit(desk.tenant.id):
        names = [row["external_id"] for row in await db.fetch("select external_id from ledger.hold")]
    ends = await asyncio.gather(*(others[n % 7].end(name, 60) for n, name in enumerate(names)))
    assert sum(end.overrun for end in ends) == 0
    assert await desk.money() == ((600 if above else 0) * QUANTUM, 0, 0)
    if own:
        assert await desk.money(own) == (0, 0, 0)
        assert (await sums(desk.tenant.id))["wholesale"] == 400 * COST_OF_A_QUANTUM
    assert await alarms(desk.tenant.id) == []


@pytest.mark.parametrize("seed", range(6))
async def test_a_storm_of_everything(database: object, seed: int) -> None:
    """Authorize, extend, finish, cancel, reports, reaping, top-ups and other debits at random, doubled and from several
    processes at once: at every pause holds add up, nothing is below zero, at the end each call was settled once."""
    dice = random.Random(seed)
    staged = {"increments": "30/6", "included_seconds": 300, "month_scope": {"inbound": True}}
    content = FLAT if seed % 2 else {**FLAT, **staged}
    desk = await open_desk(3_000_000, content)
    own = await desk.own_wallet(2_000_000) if seed % 3 else None
    poor = Desk(desk.tenant, await customer(desk.tenant.id, "NO-2"))
    await credit(desk.tenant, poor.customer, 300_000)
    desks = [desk, poor, Desk(desk.tenant, desk.customer), Desk(desk.tenant, poor.customer)]
    started: list[tuple[str, int]] = []
    answers: Counter[str] = Counter()

    async def deed(n: int, minute: float) -> None:
        name, who = dice.choice(started) if started else ("none", 0)
        now, times = NOON + timedelta(minutes=minute), dice.choice((1, 1, 2))
        talk = dice.choice((0, 5, 40, 61, 200, 900))
        one = desks[who]
        match dice.randrange(10):
            case 0 | 1 | 2:
                who = dice.randrange(4)
                started.append((f"s-{n}", who))
                asked: list[Any] = [desks[who].start(f"s-{n}", now=now) for _ in range(times)]
            case 3 | 4:
                seq, tokens = dice.randrange(1, 5), dice.randrange(9)
                asked = [one.beat(name, seq, now, answered_at=later(2), tokens=tokens) for _ in range(times)]
            case 5 | 6:
                asked = [one.end(name, talk) for _ in range(times)]
            case 7:
                asked = [report(desk.tenant, call(name, one.customer.number, seconds=talk))]
            case 8:
                asked = [one.cancel(name)]
            case _:
                with clock.frozen(now):
                    await reap()
                asked = [credit(desk.tenant, one.customer, dice.choice((1_000, 50_000)))]
        for found in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(found, BaseException) and not isinstance(found, (Conflict, NotFound, InvalidInput)):
                raise found
            answers[type(found).__name__] += 1

    for turn in range(12):
        await asyncio.gather(*(deed(turn * 20 + n, turn * 0.7) for n in range(20)))
        async with db.unit(desk.tenant.id):
            rows = await db.fetch(_HELD, desk.tenant.id, own)
        for row in rows:
            assert row["held"] == row["holds"] >= 0
            assert row["own"] or row["posted"] >= row["held"]
    assert min(answers["Decision"], answers["Settled"], answers["Conflict"]) > 0

    with clock.frozen(NOON + timedelta(hours=1)):
        await reap()
    with clock.frozen(NOON + timedelta(days=9)):
        while (await reap()).booked:
            pass
    assert (await desk.states()).keys() <= {"finished", "cancelled"}
    assert {(await one.money())[1] for one in desks} == {0}
    booked = await lines(desk.tenant.id)
    assert len({row["id"] for row in booked}) == len(booked)
    async with db.unit(desk.tenant.id):
        assert await db.fetchval("select deadlocks from pg_stat_database where datname = current_database()") == 0
    assert await alarms(desk.tenant.id) == []


_HELD = """
select w.posted, w.held, w.id is not distinct from $2 as own, coalesce(h.held, 0) as holds from ledger.wallet w
  left join (select id, sum(held) as held
               from (select wallet_id as id, held from ledger.hold where tenant_id = $1
                     union all select reseller_id, wholesale from ledger.hold where tenant_id = $1) x group by id) h
    on h.id = w.id
 where w.tenant_id = $1
"""


# Hang-ups that were lost


async def test_a_lost_hang_up_is_settled_at_the_last_sign_of_life(desk: Desk) -> None:
    """Two quanta of silence: charged up to the last sign, in seconds begun, and the rest of the money is free."""
    await desk.start("a")
    await desk.beat("a", 1, later(55), answered_at=later(2))
    with clock.frozen(later(174)):
        assert (await reap()) == Reaped(0, 0, 0)
    with clock.frozen(later(176)):
        assert (await reap()) == Reaped(1, 0, 0)
        assert (await reap()) == Reaped(0, 0, 0)
    assert await desk.money() == (1_000_000 - 53 * 2_000, 0, 0)
    assert await desk.states() == {"reaped": 1}
    async with db.unit(desk.tenant.id):
        assert await db.fetchval("select count(*) from events.outbox where kind = 'call.reaped'") == 1
    assert await alarms(desk.tenant.id) == []


async def test_a_call_nobody_answered_and_nobody_ended_costs_nothing(desk: Desk) -> None:
    """Nothing is proven, so nothing is charged."""
    await desk.start("a")
    with clock.frozen(later(121)):
        assert (await reap()) == Reaped(0, 1, 0)
    assert await desk.money() == (1_000_000, 0, 0)
    assert await desk.states() == {"cancelled": 1}


@pytest.mark.parametrize("door", ["finish", "usage", "silence"])
async def test_the_record_of_a_reaped_call_corrects_it(database: object, door: str) -> None:
    """Reversal and booking in one transaction, by whichever door; without a record what is proven is booked in time."""
    desk = await open_desk(1_000_000, {**FLAT, "included_seconds": 20, "month_scope": {"inbound": True}})
    own = await desk.own_wallet(1_000_000)
    await desk.start("a")
    await desk.beat("a", 1, later(52), answered_at=later(2))
    with clock.frozen(later(200)):
        await reap()
    assert await desk.money() == (1_000_000 - 30 * 2_000, 0, 0)
    assert (await desk.money(own))[0] < 1_000_000
    seconds = 90
    if door == "finish":
        assert (await desk.end("a", 90)).price == 70 * 2_000
        assert (await desk.end("a", 90)).status == "duplicate"
    elif door == "usage":
        [record] = await report(desk.tenant, call("a", seconds=90))
        assert (record.status, record.price) == ("booked", 70 * 2_000)
    else:
        seconds = 50
        with clock.frozen(later(200) + GRACE):
            assert (await reap()).booked == 0
        with clock.frozen(later(201) + GRACE):
            assert (await reap()).booked == 1
    assert await desk.money() == (1_000_000 - (seconds - 20) * 2_000, 0, 0)
    kinds = await sums(desk.tenant.id)
    assert kinds["reaped"] == kinds["reaped_reversal"] == 60_000
    assert kinds["wholesale_reaped"] == kinds["wholesale_reaped_reversal"]
    assert kinds["wholesale"] == 1_000_000 - (await desk.money(own))[0]
    assert len(await lines(desk.tenant.id)) == 1
    assert await desk.states() == {"finished": 1}
    assert await alarms(desk.tenant.id) == []


async def test_a_charge_for_silence_is_no_more_than_there_is(database: object) -> None:
    """The switch went on without money: what the wallet has is taken, no overrun until the record says so."""
    desk = await open_desk(QUANTUM)
    await desk.start("a")
    await desk.beat("a", 1, later(300), answered_at=later(2))
    with clock.frozen(later(500)):
        assert (await reap()).charged == 1
    assert await desk.money() == (0, 0, 0)
    assert await alarms(desk.tenant.id) == []


async def test_holds_are_forgotten(desk: Desk) -> None:
    """Some days after a call its hold goes, and the numbers in it; open ones stay."""
    await desk.start("a")
    await desk.start("b")
    await desk.end("a", 10)
    assert await holds.forget(clock.now() + timedelta(minutes=1)) == 1
    assert await desk.states() == {"open": 1}


# Resellers who pay in advance


async def test_every_call_is_passed_on_while_the_reseller_pays_in_advance(desk: Desk) -> None:
    """Reported calls, too; from the moment it does until it no longer does (failure 13)."""
    await report(desk.tenant, call("before"))
    own = await desk.own_wallet(COST_OF_A_QUANTUM)
    await report(desk.tenant, call("one"), call("two", at=NOON - timedelta(days=1)))
    assert await desk.money(own) == (-COST_OF_A_QUANTUM, 0, 0)
    assert (await desk.start("a")).reason == "reseller_funds"
    desk.tenant = await update_tenant(
        desk.tenant.id, by=BY, settings=structs.replace(desk.tenant.settings, funding="postpaid")
    )
    assert (await desk.start("b")).allowed
    await desk.end("b", 60)
    assert await desk.money(own) == (-COST_OF_A_QUANTUM, 0, 0)
    assert (await sums(desk.tenant.id))["wholesale"] == 2 * COST_OF_A_QUANTUM
    assert await alarms(desk.tenant.id) == []


# Caps


async def test_caps_on_calls_at_once(desk: Desk) -> None:
    """A number's, a customer's and a reseller's: the first that is reached refuses, and says which."""
    other = Desk(desk.tenant, await customer(desk.tenant.id, "NO-2"), desk.control)
    await credit(desk.tenant, other.customer, 1_000_000)
    await cap(desk, "number", "+4930222", concurrent=1)
    await cap(desk, "customer", desk.customer.id, concurrent=2)
    await cap(desk, "reseller", "", concurrent=3)
    assert (await desk.start("a")).allowed
    assert (await desk.start("b")).reason == "number_concurrent"
    assert (await desk.start("c", to_number="+4930333")).allowed
    assert (await desk.start("d", to_number="+4930444")).reason == "customer_concurrent"
    assert (await other.start("e", to_number="+4930555")).allowed
    assert (await other.start("f", to_number="+4930666")).reason == "reseller_concurrent"
    await desk.end("a", 5)
    assert (await desk.start("g")).allowed
    await cap(desk, "reseller", "")
    assert (await other.start("h", to_number="+4930666")).allowed


async def test_caps_hold_against_a_crowd(desk: Desk) -> None:
    """Fifty at once from four processes against a cap of seven: seven. And four in a second are four."""
    await cap(desk, "reseller", "", concurrent=7)
    desks = [Desk(desk.tenant, desk.customer) for _ in range(4)]
    answers = Counter([one.allowed for one in await asyncio.gather(*(desks[n % 4].start(f"c-{n}") for n in range(50)))])
    assert answers == {True: 7, False: 43}
    await cap(desk, "reseller", "", per_second=4)
    poor = await open_desk(10**9, slug="two")
    await cap(poor, "customer", poor.customer.id, per_second=4)
    found = await asyncio.gather(*(poor.start(f"d-{n}") for n in range(20)))
    assert Counter(one.reason for one in found) == {"": 4, "customer_per_second": 16}
    assert (await poor.start("e", now=later(1))).allowed


async def test_the_longest_call(desk: Desk) -> None:
    """A cap on seconds ends a call however much money there is; the strictest holds."""
    await cap(desk, "reseller", "", longest=100)
    await cap(desk, "customer", desk.customer.id, longest=200)
    assert (await desk.start("a")).seconds_left == 100
    last = await desk.beat("a", 1, later(55), answered_at=later(2))
    assert (last.seconds_left, last.wrap_up) == (47, True)


@pytest.mark.parametrize("scope", ["customer", "reseller"])
async def test_spending_is_capped_and_the_strictest_level_wins(desk: Desk, scope: str) -> None:
    """Booked calls and held money count; a soft cap is told once, a hard one refuses and ends calls."""
    await report(desk.tenant, call("earlier today"), call("last week", at=NOON - timedelta(days=9)))
    subject = desk.customer.id if scope == "customer" else ""
    await cap(desk, scope, subject, day_soft=200_000, day_hard=420_000, month_hard=900_000)
    begun = await desk.start("a")
    assert (begun.allowed, begun.soft, begun.seconds_left) == (True, (f"{scope}_day",), 150)
    assert (await desk.start("b")).soft == (f"{scope}_day",)
    third = await desk.start("c")
    assert (third.allowed, third.held, third.seconds_left, third.wrap_up) == (True, 60_000, 30, True)
    assert (await desk.start("d")).reason == f"{scope}_day_limit"
    last = await desk.beat("a", 1, later(55), answered_at=later(2))
    assert (last.reason, last.held, last.wrap_up) == (f"{scope}_day_limit", QUANTUM, True)
    for name in "abc":
        await desk.end(name, 10)
    assert (await desk.start("e")).seconds_left == 120  # 120,000 + 60,000 spent, 240,000 left
    await report(desk.tenant, call("more", seconds=100))
    await desk.end("e", 10)
    tomorrow = NOON + timedelta(days=1)
    assert (await desk.start("f", at=tomorrow)).soft == ()
    async with db.unit(desk.tenant.id):
        assert await db.fetchval("select count(*) from events.outbox where kind = 'spending.soft_cap'") == 1
    assert await alarms(desk.tenant.id) == []


async def test_a_soft_cap_that_cannot_be_told_stops_no_call(database: Any) -> None:
    """The call is admitted although the notice fails; the job tells of it later, once."""
    desk = await open_desk(1_000_000)
    await cap(desk, "customer", desk.customer.id, day_soft=1)
    soft_caps._told.clear()
    told = "execute on function ledger.tell_soft(uuid, text, text, text, date)"
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        await admin.execute(f"revoke {told} from askpro_app")
        assert (await desk.start("a")).allowed
        again = await desk.start("b")
        assert (again.allowed, again.soft) == (True, ("customer_day",))
        await admin.execute(f"grant {told} to askpro_app")
    finally:
        await admin.close()
    async with db.unit(desk.tenant.id):
        assert await db.fetchval("select count(*) from events.outbox where kind = $1", soft_caps.SOFT_CAP) == 0
    with clock.frozen(NOON):
        assert [await soft_caps.sweep() for _ in range(2)] == [1, 0]


async def test_weeks_and_months_are_civil(desk: Desk) -> None:
    """A week from Monday, a month from its first, by the day a call began; the strictest of them is named."""
    monday = NOON - timedelta(days=1)
    await cap(desk, "customer", desk.customer.id, week_hard=130_000, month_hard=200_000)
    await report(desk.tenant, call("sunday", at=monday - timedelta(days=1)))
    assert (await desk.start("a", at=monday)).reason == ""
    await desk.end("a", 10, at=monday)
    assert (await desk.start("b")).seconds_left == 30
    await desk.end("b", 30)
    assert (await desk.start("c")).reason == "customer_month_limit"
    assert (await desk.start("d", at=NOON + timedelta(days=7))).reason == "customer_month_limit"
    april = NOON + timedelta(days=8)
    assert (await desk.start("e", at=april)).allowed


async def test_days_follow_the_clocks_that_people_change(desk: Desk) -> None:
    """The night of 29 March 2026 in Berlin: calls before and after midnight lie on days of 24 and of 23 hours."""
    await cap(desk, "customer", desk.customer.id, day_hard=QUANTUM)
    before, after = (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), datetime(2026, 3, 28, 23, 1, tzinfo=UTC))
    night, end = datetime(2026, 3, 29, 21, 59, tzinfo=UTC), datetime(2026, 3, 29, 22, 1, tzinfo=UTC)
    assert (await desk.start("a", at=before)).allowed
    ended = await desk.end("a", 60, at=before)  # talks across midnight: all of it is Saturday's
    assert (await desk.start("b", at=before)).reason == "customer_day_limit"
    assert (await desk.start("c", at=after)).allowed
    await desk.end("c", 60, at=after)
    assert (await desk.start("d", at=night)).reason == "customer_day_limit"
    assert (await desk.start("e", at=end)).allowed
    assert ended.price == QUANTUM
    assert {str(row["day"]) for row in await lines(desk.tenant.id)} == {"2026-03-28", "2026-03-29"}
    assert await alarms(desk.tenant.id) == []


@pytest.mark.parametrize(
    ("scope", "subject", "caps"),
    [
        ("reseller", "", Caps(concurrent=-1)),
        ("reseller", "x", Caps()),
        ("number", "", Caps()),
        ("number", "+49", Caps(day_hard=1)),
        ("customer", "NO-1", Caps()),
        ("reseller", "", Caps(day_soft=2, day_hard=1)),
        ("reseller", "", Caps(longest=0)),
    ],
)
async def test_caps_that_make_no_sense(desk: Desk, scope: str, subject: str, caps: Caps) -> None:
    """Refused with the field named."""
    with pytest.raises(InvalidInput):
        await set_caps(desk.tenant.id, scope, subject, caps, by=BY)  # type: ignore[arg-type]


# The proof sees all of it


DEEDS = {
    "money held by nobody": "update ledger.wallet set held = held + 1 where customer_id <> tenant_id",
    "a hold grown": "update ledger.hold set held = held + 1 where state = 'open'",
    "a finished call gone": "delete from ledger.usage",
    "a charge forgotten": "update ledger.hold set charged = charged - 1 where state = 'reaped'",
    "a charge gone": "update ledger.hold set charged = 0, passed_on = 0 where state = 'reaped'",
    "wholesale changed": "update ledger.transfer set amount = amount + 1 where kind = 'wholesale'",
    "a day forgotten": "update ledger.spend_day set spent = spent - 1",
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_the_proof_sees_a_change(database: Any, deed: str) -> None:
    """One unit, wherever: a check of holds goes red."""
    desk = await open_desk(1_000_000)
    await desk.own_wallet(1_000_000)
    await cap(desk, "customer", desk.customer.id, day_hard=900_000)
    for name in "abc":
        await desk.start(name)
    await desk.end("a", 30)
    await desk.beat("b", 1, later(30), answered_at=later(2))
    with clock.frozen(later(149)):
        await desk.control.extend(desk.tenant.id, desk.id("c"), Beat(seq=1))
    with clock.frozen(later(151)):
        assert await reap() == Reaped(1, 0, 0)
    assert await alarms(desk.tenant.id) == []
    names = {check.name for check in HOLD_CHECKS}
    async with tampering(database.admin_dsn, "hold", "wallet", "usage", "transfer", "spend_day") as admin:
        await admin.execute(DEEDS[deed])
        assert {one.check for one in await prove(desk.tenant.id)} & names
    assert await alarms(desk.tenant.id) == []
