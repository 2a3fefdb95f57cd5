"""Reports of finished calls through the real services: each booked once, exactly, whoever sends what how often."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from msgspec import structs

from askpro import db
from askpro.calls.book import Item, book
from askpro.calls.events import UsageEvent, UsageResult
from askpro.calls.refusals import open_refusals
from askpro.commissions.service import explain_call
from askpro.people.customers import set_customer_status
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version, set_blocked
from askpro.tenancy.model import Tenant
from house import BY, EARLY, customer, wholesale
from support.listening import listening
from support.reports import NOON, alarms, call, credit, lines, sums, wallet
from support.shops import FLAT, Shop, open_shop, shop

pytestmark = pytest.mark.anyio
__all__ = ("shop",)

# Once, and only once


async def test_each_event_has_its_own_answer(shop: Shop) -> None:
    """Booked, duplicate, conflict and refused in one batch, in the order they were sent."""
    await shop.report(call("old"))
    answers = await shop.said(
        call("new"),
        call("old"),
        call("old", tokens=1),
        call("far", direction="outbound", to_number="+351211"),
        call("last"),
    )
    assert answers == [
        ("booked", ""),
        ("duplicate", ""),
        ("conflict", "conflict"),
        ("refused", "rate_missing"),
        ("booked", ""),
    ]
    assert await sums(shop.tenant.id) == {"overrun": 180_000, "commission": 36_000}
    assert await alarms(shop.tenant.id) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens": 1},
        {"bookings": 1},
        {"direction": "outbound"},
        {"to_number": "+4930223"},
        {"from_number": "+4989112"},
        {"customer": "NO-2"},
        {"answered_at": NOON + timedelta(seconds=3)},
        {"ended_at": NOON + timedelta(seconds=63)},
        {"answered_at": None},
        {"disposition": "BUSY"},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_anything_else_under_a_known_id_is_a_conflict(shop: Shop, changes: dict[str, Any]) -> None:
    """Whatever differs: not booked and not passed over in silence; also when it could not be booked anyway."""
    await customer(shop.tenant.id, "NO-2")
    await shop.report(call("a"))
    for more in ({}, {"disposition": "X" * 41}):  # the second could not be booked
        if more and "disposition" in changes:
            continue
        assert await shop.said(call("a", **(changes | more))) == [("conflict", "conflict")]
    await set_customer_status(shop.tenant.id, shop.customer.id, "closed", by=BY)
    assert await shop.said(call("a", **changes)) == [("conflict", "conflict")]
    assert len(await lines(shop.tenant.id)) == 1


async def test_another_word_for_nobody_answered_is_the_same_call(shop: Shop) -> None:
    """BUSY and NO_ANSWER say the same: it rang and nobody spoke."""
    silent: dict[str, Any] = {"answered_at": None, "disposition": "BUSY"}
    await shop.report(call("a", **silent))
    assert await shop.said(call("a", **{**silent, "disposition": "NO_ANSWER"})) == [("duplicate", "")]


async def test_a_repeat_is_answered_as_the_first_was(shop: Shop) -> None:
    """Price, seconds, balance and overrun; alone, among others, in the batch of the first, and of two resellers."""
    await credit(shop.tenant, shop.customer, 90_000)
    events = [call("a"), call("b", seconds=61, tokens=7), call("c", answered_at=None, disposition="BUSY")]
    firsts = await shop.report(*events)
    assert [(one.price, one.billed_seconds, one.overrun) for one in firsts] == [
        (60_000, 60, 0), (61_070, 61, 31_070), (0, 0, 0),
    ]  # fmt: skip
    firsts = [structs.replace(one, status="duplicate") for one in firsts]
    other = await open_shop(slug="two")
    await publish_version(
        shop.tenant.id, Level.CUSTOMER, shop.customer.id, "EUR", EARLY, {**FLAT, "inbound": "0.12"}, by=BY
    )

    assert [(await shop.report(one))[0] for one in events] == firsts
    assert await shop.report(*events, call("far", direction="outbound", to_number="+351211")) == [*firsts, ANY]
    first, again, *_, last = await shop.report(call("new"), *[call("new")] * 3)
    assert first.status == "booked"
    assert again == last == structs.replace(first, status="duplicate")
    mixed = [Item(one.tenant.id, one.tenant.timezone, event, "x") for event in events for one in (other, shop)]
    await book(mixed)
    assert [one.result for one in mixed if one.tenant == shop.tenant.id] == firsts
    assert [one.result.price for one in mixed if one.tenant == other.tenant.id and one.result] == [60_000, 61_070, 0]


async def test_only_a_repeat_costs_another_look(shop: Shop) -> None:
    """What is new takes the two round trips it ever took; repeats take one more together, however many."""

    async def trips(*events: UsageEvent) -> int:
        heard: list[str] = []
        with listening(heard):
            await shop.report(*events)
        return len([sql for sql in heard if sql.lstrip().startswith("select")])

    await shop.report(call("warm"))
    new = await trips(call("a"))
    assert await trips(call("b"), call("c")) == new
    assert await trips(call("a")) == new + 1
    assert await trips(*[call("a"), call("b"), call("c"), call("d")]) == new + 1


async def test_one_id_many_times_in_one_batch_is_as_if_sent_singly(shop: Shop) -> None:
    """First good, first bad, first other: the answers do not depend on how the reports were packed."""
    far: dict[str, Any] = {"direction": "outbound", "to_number": "+351211"}
    batch = [
        call("a"), call("a"), call("a", tokens=5), call("a"),
        call("b", **far), call("b", **far), call("b", from_number="+49893", **far), call("b", **far),
        call("b"), call("b", **far),
        call("c", tokens=-1), call("c", tokens=-1), call("c"), call("c"), call("c", tokens=-1),
    ]  # fmt: skip
    expected = [
        "booked", "duplicate", "conflict", "duplicate",
        "refused", "duplicate", "refused", "refused", "booked", "conflict",
        "refused", "duplicate", "booked", "duplicate", "conflict",
    ]  # fmt: skip
    assert [status for status, _ in await shop.said(*batch)] == expected

    other = await open_shop(slug="two")
    assert [(await other.said(one))[0][0] for one in batch] == expected


async def test_a_thousand_copies_of_a_report_cost_what_few_cost(shop: Shop) -> None:
    """A batch of one call over and over takes as many transactions as two calls, not as its length."""

    async def transactions(events: list[UsageEvent]) -> int:
        async with db.unit(shop.tenant.id):
            before = int(await db.fetchval("select pg_current_xact_id()::text::bigint"))
        await shop.report(*events)
        async with db.unit(shop.tenant.id):
            return int(await db.fetchval("select pg_current_xact_id()::text::bigint")) - before

    few = await transactions([call("a"), call("a")])
    assert await transactions([call("b")] * 500) <= few + 2
    assert await transactions([call("c", tokens=-1)] * 500) <= few + 2
    assert await transactions([call("d")] + [call("d", tokens=n) for n in range(1, 500)]) <= few + 4


async def test_a_refused_report_is_answered_the_same_until_there_is_a_price(shop: Shop) -> None:
    """Refused, duplicate, and booked once the destination is sold; then no longer open."""
    far = call("far", direction="outbound", to_number="+351211111")
    assert await shop.said(far) == [("refused", "rate_missing")]
    assert await shop.said(far) == [("duplicate", "rate_missing")]
    async with db.unit(shop.tenant.id):
        assert [one.external_id for one in await open_refusals(shop.tenant.id)] == ["far"]

    await publish_version(
        shop.tenant.id, Level.CUSTOMER, shop.customer.id, "EUR", EARLY, {"outbound": {"+351": "0.6"}}, by=BY
    )
    assert await shop.said(far) == [("booked", "")]
    assert await shop.said(far) == [("duplicate", "")]
    async with db.unit(shop.tenant.id):
        assert await open_refusals(shop.tenant.id) == []


async def test_a_corrected_report_is_booked(shop: Shop) -> None:
    """What was refused for its content comes right with other content, and the refusal is settled by it."""
    assert await shop.said(call("a", to_number="nonsense")) == [("refused", "bad_number")]
    assert await shop.said(call("a")) == [("booked", "")]
    async with db.unit(shop.tenant.id):
        assert await open_refusals(shop.tenant.id) == []


async def test_a_booked_call_is_a_duplicate_whatever_has_changed_since(shop: Shop) -> None:
    """Customer closed, destination blocked, price list gone: the answer to a repeat is still what was booked."""
    await credit(shop.tenant, shop.customer, 500_000)
    outbound = call("out", direction="outbound")
    [first, _] = await shop.report(outbound, call("in"))
    await set_blocked({"+4930": "test"}, by=BY)
    await set_customer_status(shop.tenant.id, shop.customer.id, "closed", by=BY)

    [again, stranger] = await shop.report(outbound, call("new"))

    assert again == structs.replace(first, status="duplicate")
    assert (again.price, again.overrun, again.currency) == (60_000, 0, "EUR")
    assert (stranger.status, stranger.reason) == ("refused", "unknown_customer")
    await set_blocked({}, by=BY)


# Money


async def test_an_overrun_is_exact(shop: Shop) -> None:
    """Wallet 0.40, call 1.00: the wallet ends at zero, 0.60 is overrun, the reseller earns on the whole price."""
    await credit(shop.tenant, shop.customer, 400_000)
    [answer] = await shop.report(call("a", seconds=1000))
    assert (answer.price, answer.balance, answer.overrun) == (1_000_000, 0, 600_000)
    assert await wallet(shop.tenant, shop.customer) == (0, 600_000)
    assert await sums(shop.tenant.id) == {"topup": 400_000, "usage": 400_000, "overrun": 600_000, "commission": 200_000}
    assert await alarms(shop.tenant.id) == []


async def test_an_overrun_inside_a_batch_falls_on_the_later_calls(shop: Shop) -> None:
    """Calls take from the wallet in their order; the one that finds too little is split, the rest are all overrun."""
    await credit(shop.tenant, shop.customer, 250_000)
    answers = await shop.report(*(call(str(n), seconds=100) for n in range(4)))
    assert [(one.balance, one.overrun) for one in answers] == [(150_000, 0), (50_000, 0), (0, 50_000), (0, 100_000)]
    assert await wallet(shop.tenant, shop.customer) == (0, 150_000)
    assert await alarms(shop.tenant.id) == []


async def test_a_credit_line_is_used_before_there_is_an_overrun(shop: Shop) -> None:
    """The floor is the credit line, to the unit; a later top-up does not pay an overrun by itself."""
    rich = await customer(shop.tenant.id, "NO-9", credit_line=100_000)
    [answer] = await shop.report(call("a", "NO-9", seconds=101))
    assert (answer.balance, answer.overrun) == (-100_000, 1_000)
    await credit(shop.tenant, rich, 150_000)
    assert await wallet(shop.tenant, rich) == (50_000, 1_000)
    assert await alarms(shop.tenant.id) == []


async def test_a_call_that_costs_nothing_is_booked_too(shop: Shop) -> None:
    """Unanswered and zero-second calls are in the books with price zero, and move no money."""
    answers = await shop.report(call("a", answered_at=None), call("b", seconds=0), call("c", disposition="FAILED"))
    assert [(one.status, one.price, one.billed_seconds) for one in answers] == [("booked", 0, 0)] * 3
    assert await sums(shop.tenant.id) == {}
    assert await alarms(shop.tenant.id) == []


# The month: allowance and tiers

MONTHLY = FLAT | {
    "included_seconds": 3_600,
    "tiers": [{"from_seconds": 7_200, "discount_percent": "10"}, {"from_seconds": 9_000, "discount_percent": "50"}],
}


def cost_of(seconds: int) -> int:
    """What the first so many seconds of a month cost by MONTHLY, tier by tier."""
    zones = ((0, 3_600, 0), (3_600, 7_200, 1_000), (7_200, 9_000, 900), (9_000, 10**9, 500))
    return sum(max(0, min(seconds, end) - start) * rate for start, end, rate in zones)


async def check_month(tenant: Tenant, expected_seconds: int) -> None:
    """The calls tile the month's line without gap or overlap, each recomputes, and the sum is the sequential one."""
    at = 0
    free = 0
    stored = await lines(tenant.id)
    for row in stored:
        if row["billed"]:
            assert row["used_before"] == at, "calls overlap or leave a gap on the month's line"
            at += row["billed"]
        explained = await explain_call(tenant.id, row["id"])
        free += explained.retail.free_seconds_used if explained.retail else 0
    assert at == expected_seconds
    assert free == min(expected_seconds, 3_600)
    assert sum(row["price"] for row in stored) == cost_of(expected_seconds)
    assert await alarms(tenant.id) == []


async def test_eight_trains_at_one_wallet_share_the_month_exactly(database: object) -> None:
    """Allowance and tiers under concurrency: whoever comes when, the same seconds are free and the same are cheaper."""
    await wholesale()
    shop = await open_shop(MONTHLY)
    drawn = random.Random(7)
    durations = [drawn.randint(1, 120) for _ in range(200)]
    calls = [call(f"c-{n}", seconds=seconds) for n, seconds in enumerate(durations)]
    copies = calls + drawn.sample(calls, 60) + [call(f"u-{n}", answered_at=None) for n in range(20)]
    drawn.shuffle(copies)

    async def feed(part: list[UsageEvent]) -> list[UsageResult]:
        answers = []
        while part:
            size = drawn.randint(1, 9)
            answers += await shop.report(*part[:size])
            part = part[size:]
        return answers

    answers = [one for part in await asyncio.gather(*(feed(copies[n::8]) for n in range(8))) for one in part]

    assert sum(one.status == "booked" for one in answers) == 220
    assert sum(one.status == "duplicate" for one in answers) == 60
    await check_month(shop.tenant, sum(durations))


async def test_the_months_are_counted_apart(database: object) -> None:
    """Each civil month has an allowance of its own, also when one batch holds calls of both."""
    await wholesale()
    shop = await open_shop(MONTHLY | {"included_seconds": 60, "tiers": []})
    before = datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in Berlin
    after = datetime(2026, 3, 31, 22, tzinfo=UTC)  # 1 April there, still March in UTC
    answers = await shop.report(
        call("a", at=before, seconds=50), call("b", at=after, seconds=50), call("c", at=before, seconds=20),
        call("d", at=after, seconds=20),
    )  # fmt: skip
    assert [one.price for one in answers] == [0, 0, 10_000, 10_000]
    assert await alarms(shop.tenant.id) == []


async def test_a_duplicate_does_not_use_up_the_month(database: object) -> None:
    """A repeat in front of a new call in the same batch takes nothing of the allowance away from it."""
    await wholesale()
    shop = await open_shop(MONTHLY | {"included_seconds": 100, "tiers": []})
    await shop.report(call("a", seconds=60))
    answers = await shop.report(
        call("a", seconds=60), call("x", tokens=-1), call("b", seconds=40), call("c", seconds=1)
    )
    assert [(one.status, one.price) for one in answers] == [
        ("duplicate", 0), ("refused", None), ("booked", 0), ("booked", 1_000),
    ]  # fmt: skip
