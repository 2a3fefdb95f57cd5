"""What most people would write: an ORM, one transaction a call, a balance in a row for everything.

No straw man: indexes where they belong, a pool, prepared statements, the wallet locked, the price looked up by one
query, entries inserted together. It rates by the minute only and has neither tiers nor buckets.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from piccolo import columns
from piccolo.columns import BigInt, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.engine.postgres import PostgresEngine
from piccolo.query import Max
from piccolo.table import Table

from askpro.calls.events import UsageEvent
from askpro.ids import new_id

from ..bench import Bench
from ..events import Maker
from ..house import OPENING, Store
from ..prices import PREFIXES

__all__ = ("Orm",)

CLIENTS = 8


class _Engine(PostgresEngine):
    """Piccolo's, but it does not look for a server when it is imported."""

    async def get_version(self) -> float:
        return 18.0

    def get_version_sync(self) -> float:
        return 18.0

    async def prep_database(self) -> None:
        """Nothing."""


ENGINE = _Engine(config={})


class Account(Table, db=ENGINE, tablename="account"):
    id: Serial
    name = Text(unique=True)
    balance = BigInt(default=0)


class Customer(Table, db=ENGINE, tablename="customer"):
    id: Serial
    number = Text(unique=True)
    account = ForeignKey(Account)


class Rate(Table, db=ENGINE, tablename="rate"):
    id: Serial
    prefix = Text(unique=True)
    per_minute = BigInt()


class PhoneCall(Table, db=ENGINE, tablename="phone_call"):
    id = columns.UUID(primary_key=True)
    external_id = Text(unique=True)
    customer = ForeignKey(Customer, index=True)
    began_at = Timestamptz()
    seconds = Integer()
    number = Text()
    price = BigInt()
    balance_after = BigInt()


class Entry(Table, db=ENGINE, tablename="entry"):
    id: Serial
    call = ForeignKey(PhoneCall, index=True)
    account = ForeignKey(Account, index=True)
    amount = BigInt()
    booked_at = Timestamptz()


TABLES: tuple[type[Table], ...] = (Account, Customer, Rate, PhoneCall, Entry)


async def book(call: UsageEvent) -> None:
    """Charge one call."""
    assert call.started_at is not None
    assert call.ended_at is not None
    async with ENGINE.transaction():
        if await PhoneCall.exists().where(PhoneCall.external_id == call.id):
            return
        customer = await Customer.objects().get(Customer.number == call.customer)
        assert customer is not None
        beginnings = [call.to_number[:length] for length in range(2, 9)]
        prefix = await Rate.select(Max(Rate.prefix)).where(Rate.prefix.is_in(beginnings)).first()
        assert prefix is not None
        rate = await Rate.objects().get(Rate.prefix == prefix["max"])
        assert rate is not None
        wallet = await Account.objects().where(Account.id == customer.account).first().lock_rows("UPDATE")
        assert wallet is not None
        seconds = int((call.ended_at - call.started_at).total_seconds())
        price = rate.per_minute * seconds // 60 + 1
        commission = price * 3 // 10
        made = PhoneCall(
            id=new_id(), external_id=call.id, customer=customer.id, began_at=call.started_at, seconds=seconds,
            number=call.to_number, price=price, balance_after=wallet.balance - price,
        )  # fmt: skip
        await made.save()
        legs = {customer.account: -price, "revenue": price, "commission expense": -commission,
                "commission payable": commission}  # fmt: skip
        accounts = {leg: leg if isinstance(leg, int) else (await _account(leg)).id for leg in legs}
        at = datetime.now(UTC)
        await Entry.insert(
            *(Entry(call=made.id, account=accounts[leg], amount=amount, booked_at=at) for leg, amount in legs.items())
        )
        for leg, amount in legs.items():
            await Account.update({Account.balance: Account.balance + amount}).where(Account.id == accounts[leg])


async def _account(name: Any) -> Account:
    found = await Account.objects().get(Account.name == name)
    assert found is not None
    return found


class Orm:
    """Eight tasks on eight connections, without HTTP."""

    name = "orm"

    def __init__(self) -> None:
        self._store: Store

    async def prepare(self, bench: Bench) -> None:
        store = self._store = bench.house.store("orm")
        async with store.admin("postgres") as admin:
            await admin.execute("create database orm")
        ENGINE.config = {"dsn": bench.house.server.dsn("orm")}
        for table in TABLES:
            await table.create_table(if_not_exists=True)
        await Account.insert(*(Account(name=name) for name in ("revenue", "commission expense", "commission payable")))
        await Rate.insert(*(Rate(prefix=prefix, per_minute=120_000) for prefix in PREFIXES))
        for number in range(5_000):
            if number % 500 == 0:
                some = [f"C-{one:05d}" for one in range(number, number + 500)]
                await Account.insert(*(Account(name=name, balance=OPENING) for name in some))
        async with store.admin() as admin:
            await admin.execute(
                "insert into customer (number, account) select name, id from account where name like 'C-%'"
            )
        await ENGINE.start_connection_pool(min_size=CLIENTS, max_size=CLIENTS)

    async def round(self, bench: Bench, number: int) -> None:
        await self._store.settle()
        make = Maker(5_000 + number)
        waiting = [make.call(f"C-{i % 5_000:05d}") for i in range(bench.size.orm)]
        following = iter(waiting)

        async def client() -> None:
            for call in following:
                await book(call)

        cpu, began = time.process_time(), time.perf_counter()
        with bench.watched("naive ORM", len(waiting)):
            await asyncio.gather(*(client() for _ in range(CLIENTS)))
        bench.sheet.note("naive ORM", len(waiting) / (time.perf_counter() - began), "calls/s")
        bench.sheet.note("naive ORM: client", (time.process_time() - cpu) / len(waiting) * 1e6, "µs/call")
        await self._assert_sound(len(waiting))

    async def _assert_sound(self, least: int) -> None:
        async with self._store.admin() as admin:
            calls, off = await admin.fetchrow(
                "select (select count(*) from phone_call), (select coalesce(sum(amount), 0) from entry)"
                " + (select coalesce(sum(price), 0) from phone_call)"
                " + (select coalesce(sum(amount), 0) from entry e join customer c on c.account = e.account)"
            )
        assert calls >= least
        assert off == 0, "even the naive one keeps its books"

    async def finish(self, bench: Bench) -> None:
        await ENGINE.close_connection_pool()
        await self._store.drop()
