"""Storms: many reports, all of them several times, over several connections, against nearly empty wallets."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from askpro import clock, db, secrets
from askpro.calls.book import Item, book
from askpro.calls.content import substance
from askpro.calls.events import UsageEvent
from askpro.commissions.service import publish_scheme
from askpro.ids import new_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.service import post_many
from askpro.ledger.transfer import PostingStatus, Transfer
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from house import BY, EARLY, customer, prices, reseller, wholesale
from support.reports import NOON, alarms, call

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CONNECTIONS = 8
FLAT: dict[str, Any] = {
    "increments": "7/3", "inbound": "0.0731", "outbound": {"+49": "0.1117"},
    "items": {"token": "0.0000099", "booking": "0.5"},
}  # fmt: skip
MONTHLY = FLAT | {"included_seconds": 50_000, "tiers": [{"from_seconds": 200_000, "discount_percent": "12.5"}]}


@dataclass
class Place:
    """Three resellers: two ordinary ones, and one whose customers have an allowance and tiers."""

    tenants: list[Tenant] = field(default_factory=list)
    customers: dict[UUID, list[Customer]] = field(default_factory=dict)

    def transfer(self, drawn: random.Random, key: str) -> Transfer:
        """A top-up or an adjustment of some wallet; the same key is always the same booking."""
        tenant = drawn.choice(self.tenants)
        someone = drawn.choice(self.customers[tenant.id])
        adjustment = account_id(tenant.id, AccountKind.ADJUSTMENT, someone.currency)
        sides = (adjustment, someone.wallet_id) if drawn.random() < 0.7 else (someone.wallet_id, adjustment)
        return Transfer(
            tenant=tenant.id, debit=sides[0], credit=sides[1], amount=drawn.randint(1, 90_000),
            kind="adjustment", key=key, day=clock.now().date(), occurred_at=clock.now(), actor=str(BY), id=new_id(),
        )  # fmt: skip


@asynccontextmanager
async def opened(database: Any) -> AsyncIterator[None]:
    secrets.configure(("test-key-test-key-test-key-test-key",))
    await db.start(database.dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    try:
        yield
    finally:
        await db.stop()


async def settle(customers: int) -> Place:
    place = Place()
    everywhere = {
        "increments": "1/1",
        "inbound": "0.03",
        "outbound": {"+": "0.04"},
        "items": {"token": "0", "booking": "0.2"},
    }
    await wholesale(content=everywhere)
    schemes = (("percent", "17.5"), ("margin", "100"), ("per_minute", "0.0123"))
    for slug, content, (kind, value) in zip(("one", "two", "monthly"), (FLAT, FLAT, MONTHLY), schemes, strict=True):
        tenant = await reseller(slug)
        await prices(tenant.id, content)
        await publish_scheme(tenant.id, kind, Decimal(value), EARLY, by=BY)  # type: ignore[arg-type]
        place.tenants.append(tenant)
        place.customers[tenant.id] = [await customer(tenant.id, f"C-{n}") for n in range(customers)]
    await months.ensure([NOON])
    return place


def reports(drawn: random.Random, place: Place, count: int) -> list[tuple[Tenant, UsageEvent]]:
    made = []
    for n in range(count):
        tenant = drawn.choice(place.tenants)
        outbound = {"direction": "outbound"} if drawn.random() < 0.5 else {}
        silent = {"answered_at": None} if drawn.random() < 0.05 else {}
        event = call(
            f"s-{n}", f"C-{drawn.randrange(len(place.customers[tenant.id]))}",
            at=NOON + timedelta(seconds=drawn.randrange(86_400 * 6)), seconds=drawn.randrange(1, 400),
            tokens=drawn.randrange(3_000), bookings=int(drawn.random() < 0.1), **outbound, **silent,
        )  # fmt: skip
        made.append((tenant, event))
    return made


def batches(drawn: random.Random, sent: list[tuple[Tenant, UsageEvent]]) -> Iterator[list[Item]]:
    """Cut into trains of 1 to 200, tenants mixed."""
    at = 0
    while at < len(sent):
        size = drawn.randint(1, 200)
        yield [Item(tenant.id, tenant.timezone, event, "system:storm") for tenant, event in sent[at : at + size]]
        at += size


async def blow(trains: Iterator[list[Item]], beside: Any = None) -> list[Item]:
    """Book them over all connections at once; ``beside`` is awaited before each train."""
    done: list[Item] = []

    async def connection() -> None:
        for train in trains:
            if beside is not None:
                await beside()
            await book(train)
            done.extend(train)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return done


async def deadlocks(database: Any) -> int:
    """As PostgreSQL itself has counted them; everybody has said good-bye, so it knows."""
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        while await admin.fetchval(
            "select count(*) from pg_stat_activity where usename = 'askpro_app' and datname = current_database()"
        ):
            await asyncio.sleep(0.02)
        return int(await admin.fetchval("select deadlocks from pg_stat_database where datname = current_database()"))
    finally:
        await admin.close()


async def replay(tenant: Tenant, customers: list[Customer]) -> None:
    """Walk through every wallet's bookings by hand: each carries the balance that those before it lead to."""
    async with db.unit(tenant.id):
        transfers = await db.fetch("select * from ledger.transfer where tenant_id = $1", tenant.id)
        usage = await db.fetch("select * from ledger.usage where tenant_id = $1", tenant.id)
        wallets = {
            row["id"]: row for row in await db.fetch("select * from ledger.wallet where tenant_id = $1", tenant.id)
        }
    steps: dict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    calls: dict[tuple[UUID, int], list[tuple[int, int]]] = defaultdict(list)
    for row in transfers:
        if row["debit_seq"] is not None:
            steps[row["debit_account"]].append((row["debit_seq"], -row["debit_balance"], -row["amount"]))
        if row["credit_seq"] is not None:
            steps[row["credit_account"]].append((row["credit_seq"], -row["credit_balance"], row["amount"]))
    for row in usage:
        calls[row["wallet_id"], row["wallet_seq"]].append((-row["balance_after"], row["price"] - row["overrun"]))
    assert set(wallets) == {one.wallet_id for one in customers}
    for wallet, row in wallets.items():
        balance, before = 0, {0: 0}
        for seq, negative, amount in sorted(steps[wallet]):
            before.setdefault(seq, balance)
            balance += amount
            assert balance == -negative, "a transfer's balance is not where its amount leads to"
            assert balance >= 0
        assert balance == row["posted"]
        for (owner, seq), taken in calls.items():
            if owner == wallet and seq in before:
                running = before[seq]
                for negative, paid in sorted(taken, key=lambda one: (one[0], -one[1])):  # what takes nothing comes last
                    running -= paid
                    assert running == -negative, "a call's balance is not where its price leads to"
    price, overrun = sum(row["price"] for row in usage), sum(row["overrun"] for row in usage)
    kinds: Counter[str] = Counter()
    for row in transfers:
        kinds[row["kind"]] += row["amount"]
    moved = sum(amount for listed in steps.values() for _, _, amount in listed)
    in_and_out = sum(
        row["amount"] if row["credit_seq"] is not None else -row["amount"]
        for row in transfers
        if row["kind"] == "adjustment"
    )
    assert price == kinds["usage"] + kinds["overrun"] == in_and_out - moved + overrun
    assert overrun == kinds["overrun"] == sum(row["overrun"] for row in wallets.values())


async def test_a_storm_of_fifteen_thousand_reports_sent_three_times(empty_database: Any) -> None:
    """No double, no deadlock, no unit lost, while top-ups go on; every balance replays, the proof is green."""
    drawn = random.Random(20_261_122)
    keys = [f"k-{n}" for n in range(400)]
    fixed: dict[str, Transfer] = {}
    posted: Counter[str] = Counter()

    async with opened(empty_database):
        place = await settle(8)
        sent = reports(drawn, place, 15_000)
        copies = sent * 3
        drawn.shuffle(copies)

        async def beside() -> None:
            chosen = [
                fixed.setdefault(key, place.transfer(random.Random(key), key))
                for key in drawn.choices(keys, k=drawn.randint(0, 9))
            ]
            again = [
                Transfer(**{**{name: getattr(one, name) for name in Transfer.__slots__}, "id": new_id(), "group": None})
                for one in chosen
            ]
            for one, answer in zip(again, await post_many(again), strict=True):
                posted[one.key or ""] += answer.fresh
                assert answer.status in (PostingStatus.POSTED, PostingStatus.DUPLICATE, PostingStatus.FUNDS)

        done = await blow(batches(drawn, copies), beside)

    assert await deadlocks(empty_database) == 0
    assert len(done) == 45_000
    answers = [one.result for one in done]
    assert Counter(answer.status for answer in answers if answer) == {"booked": 15_000, "duplicate": 30_000}
    assert max(posted.values()) == 1
    by_call: dict[tuple[UUID, str], set[tuple[int | None, ...]]] = defaultdict(set)
    for one in done:
        assert one.result is not None
        assert one.result.price is not None
        by_call[one.tenant, one.event.id].add(
            (one.result.balance, one.result.overrun, one.result.price, one.result.billed_seconds)
        )
    assert all(len(told) == 1 for told in by_call.values()), "a duplicate was told something else than the first report"

    async with opened(empty_database):
        for tenant in place.tenants:
            await replay(tenant, place.customers[tenant.id])
            assert await alarms(tenant.id) == []
        async with db.platform_unit("a test counts what is booked"):
            assert await db.fetchval("select count(*) from ledger.usage") == 15_000
            assert (
                await db.fetchval("select count(*) from ledger.transfer where kind = 'adjustment'")
                == sum(posted.values())
                > 50
            )
            assert await db.fetchval("select count(*) from ledger.usage where overrun > 0") > 1_000
            monthly = await db.fetch(
                "select used_before, billed from ledger.usage where tenant_id = $1 and billed > 0"
                " order by wallet_id, used_before",
                place.tenants[2].id,
            )
    end = 0
    for row in monthly:  # each wallet's calls lie on the month's line one after the other
        assert row["used_before"] in (end, 0)
        end = row["used_before"] + row["billed"]


def variants(drawn: random.Random, event: UsageEvent) -> list[UsageEvent]:
    """The same id with other contents: another customer, other numbers, and some that nobody could book."""
    found = [
        msgspec.structs.replace(event, tokens=event.tokens + 1),
        msgspec.structs.replace(event, customer="C-0"),
        msgspec.structs.replace(event, customer="C-1"),
        msgspec.structs.replace(event, direction="outbound", to_number="+4930777"),
        msgspec.structs.replace(event, to_number="nonsense"),
        msgspec.structs.replace(event, direction="outbound", to_number="+8190000"),
        msgspec.structs.replace(event, bookings=-1),
    ]
    return [event, *drawn.sample(found, 3)]


async def test_a_storm_of_reports_that_contradict_each_other(empty_database: Any) -> None:
    """Of several contents under one id one is booked, whichever; every answer fits it; no deadlock, proof green."""
    drawn = random.Random(7)
    async with opened(empty_database):
        place = await settle(4)
        sent = [(tenant, one) for tenant, event in reports(drawn, place, 1_500) for one in variants(drawn, event)]
        copies = sent * 2
        drawn.shuffle(copies)
        done = await blow(batches(drawn, copies))
    assert await deadlocks(empty_database) == 0

    async with opened(empty_database):
        booked: dict[tuple[UUID, str], list[UsageEvent]] = defaultdict(list)
        for one in done:
            assert one.result is not None
            if one.result.status == "booked":
                booked[one.tenant, one.event.id].append(one.event)
        assert {len(events) for events in booked.values()} == {1}
        assert len(booked) == 1_500

        for train in batches(drawn, sent):  # the storm is over: now everything is known
            await book(train)
            for one in train:
                [there] = booked[one.tenant, one.event.id]
                same = substance(there) == substance(one.event)
                assert one.result is not None
                assert one.result.status == ("duplicate" if same else "conflict")
        for tenant in place.tenants:
            await replay(tenant, place.customers[tenant.id])
            assert await alarms(tenant.id) == []
            async with db.unit(tenant.id):
                stored = await db.fetch(
                    "select external_id, tokens, callee from ledger.usage where tenant_id = $1", tenant.id
                )
            for row in stored:
                [there] = booked[tenant.id, row["external_id"]]
                assert (row["tokens"], row["callee"]) == (there.tokens, there.to_number)
