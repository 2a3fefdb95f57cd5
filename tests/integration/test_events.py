"""The outbox: told after commit, at least once, each listener for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import Context
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import db
from askpro.errors import NotFound
from askpro.events import emit, queries, service, subscribers
from askpro.events.delivery import TRIES, deliver
from askpro.events.jobs import sweep
from askpro.events.subscribers import Event, Subscriber
from askpro.ids import new_id
from askpro.jobs import queries as jobs
from askpro.worker import run_worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def listen() -> AsyncIterator[Callable[..., None]]:
    """Register listeners that are gone after the test."""
    names: list[str] = []

    def add(name: str, handler: Any, *kinds: str, **options: Any) -> None:
        subscribers.subscribe(Subscriber(name, kinds or ("*",), handler, **options))
        names.append(name)

    yield add
    for name in names:
        subscribers.forget(name)


class Ear:
    """Remembers what it heard; ``broken`` makes it fail."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.broken = False

    async def __call__(self, event: Event) -> None:
        if self.broken:
            raise ConnectionError("nobody there")
        self.heard.append(event.kind)


async def _emit(tenant: UUID, *kinds: str) -> None:
    async with db.unit(tenant):
        for kind in kinds:
            await emit(kind, {"kind": kind}, tenant=tenant)


async def _due_now(database: Any) -> None:
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute("update events.outbox set next_try = now()")
    await admin.close()


async def test_an_event_comes_with_its_unit(database: object, listen: Any) -> None:
    """Rolled back: nobody hears of it. Committed: each listener that wants its kind does, in order."""
    tenant, all_of_it, some = new_id(), Ear(), Ear()
    listen("all", all_of_it)
    listen("some", some, "trial.*")

    async def undone() -> None:
        async with db.unit(tenant):
            await emit("trial.failed", {}, tenant=tenant)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    await _emit(tenant, "trial.settled", "trifle.low")

    assert await deliver(tenant) == (2, 0)
    assert await deliver(tenant) == (0, 0)
    assert all_of_it.heard == ["trial.settled", "trifle.low"]
    assert some.heard == ["trial.settled"]


async def test_emit_outside_its_unit_is_refused(database: object) -> None:
    """Neither without a unit nor for another tenant than the unit's."""
    tenant = new_id()
    with pytest.raises(RuntimeError):
        await emit("a", {}, tenant=tenant)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.unit(tenant):
            await emit("a", {}, tenant=new_id())


async def test_a_worker_delivers_without_waiting_for_the_sweeper(database: Any, listen: Any) -> None:
    """One job a unit wakes the delivery, however many events it wrote."""
    tenant, ear = new_id(), Ear()
    listen("ear", ear)
    await _emit(tenant, *(f"k{n}" for n in range(5)))
    async with db.shared_unit():
        assert len(await jobs.jobs(task="events.deliver")) == 1
    async with asyncio.timeout(20):
        await run_worker(database.dsn, wait=False)

    assert ear.heard == [f"k{n}" for n in range(5)]


async def test_open_units_that_emit_do_not_wait_for_each_other(database: object) -> None:
    """Emitting takes no lock that outlives the statement: a slow unit of the tenant holds nobody up."""
    tenant = new_id()
    async with db.unit(tenant):
        await emit("slow", {}, tenant=tenant)
        async with asyncio.timeout(5):
            await asyncio.create_task(_emit(tenant, "quick"), context=Context())
    async with db.shared_unit():
        assert len(await jobs.jobs(task="events.deliver")) == 2


async def test_a_failing_listener_neither_blocks_nor_repeats_others(database: Any, listen: Any) -> None:
    """The healthy listener hears each event once; the broken one gets what it missed when it is well again."""
    tenant, good, bad = new_id(), Ear(), Ear()
    bad.broken = True
    listen("good", good)
    listen("bad", bad)
    await _emit(tenant, "a", "b")
    assert await deliver(tenant) == (0, 2)
    assert await deliver(tenant) == (0, 0), "the pause is kept"
    await _due_now(database)
    assert await deliver(tenant) == (0, 2)
    async with db.unit(tenant):
        assert (await queries.waiting(tenant=tenant)).failing == 2

    bad.broken = False
    await _due_now(database)
    assert await deliver(tenant) == (2, 0)
    assert (good.heard, bad.heard) == (["a", "b"], ["a", "b"])


async def test_a_hanging_listener_is_given_up(database: object, listen: Any) -> None:
    """Beyond its deadline a delivery has failed; the next listener still hears of it."""
    tenant, ear = new_id(), Ear()

    async def hangs(event: Event) -> None:
        await asyncio.sleep(600)

    listen("a-hangs", hangs, deadline=0.05)
    listen("b-ear", ear)
    await _emit(tenant, "a")
    assert await deliver(tenant) == (0, 1)
    assert ear.heard == ["a"]


async def test_atomic_listeners_write_exactly_once(database: Any, listen: Any) -> None:
    """What an atomic listener wrote before it failed is gone; its success is recorded with its effect."""
    tenant, fails = new_id(), [True]

    async def books(event: Event) -> None:
        await db.execute(
            "insert into people.customer (tenant_id, id, number, name, currency) values ($1, $2, $3, 'x', 'EUR')",
            event.tenant,
            new_id(),
            event.kind,
        )
        if fails.pop():
            fails.append(False)
            raise ConnectionError

    listen("books", books)
    await _emit(tenant, "a")
    assert await deliver(tenant) == (0, 1)
    await _due_now(database)
    assert await deliver(tenant) == (1, 0)
    async with db.unit(tenant):
        assert await db.fetchval("select array_agg(number) from people.customer") == ["a"]


async def test_two_deliveries_at_once_tell_an_atomic_listener_once(database: object, listen: Any) -> None:
    """Even if the same tenant is delivered by two workers at a time (a reaped job whose worker still lives)."""
    tenant, ear = new_id(), Ear()
    listen("ear", ear)
    await _emit(tenant, *(f"k{n}" for n in range(20)))
    await asyncio.gather(deliver(tenant), deliver(tenant))
    assert sorted(ear.heard) == sorted(f"k{n}" for n in range(20))


async def test_outside_a_unit_a_listener_may_take_its_time(database: object, listen: Any) -> None:
    """A listener that is not atomic finds no unit open: it may call anybody without holding a transaction."""
    tenant, open_units = new_id(), []

    async def calls_out(event: Event) -> None:
        open_units.append(db.current())

    listen("out", calls_out, atomic=False)
    await _emit(tenant, "a")
    assert await deliver(tenant) == (1, 0)
    assert open_units == [None]


async def test_dead_letters_are_shown_and_replayed(database: Any, listen: Any) -> None:
    """After its last try an event is given up, listed with its reason, and delivered again when asked to."""
    tenant, good, bad = new_id(), Ear(), Ear()
    bad.broken = True
    listen("good", good)
    listen("bad", bad)
    await _emit(tenant, "a")
    for _ in range(TRIES):
        assert await deliver(tenant) == (0, 1)
        await _due_now(database)
    assert await deliver(tenant) == (0, 0)
    async with db.platform_unit("a test looks at dead letters"):
        [letter] = await queries.dead_letters()
    assert (letter.kind, letter.delivered, letter.error) == ("a", ["good"], "bad: ConnectionError: nobody there")

    bad.broken = False
    assert await service.replay(tenant, letter.id) == 1
    assert await deliver(tenant) == (1, 0)
    assert (good.heard, bad.heard) == (["a"], ["a"])
    with pytest.raises(NotFound):
        await service.replay(tenant, letter.id)


async def test_the_sweeper_finds_every_tenant_that_waits(database: Any, listen: Any) -> None:
    """Events whose wake-up was lost are found across tenants, one job a tenant, and no second one while it waits."""
    one, two, ear = new_id(), new_id(), Ear()
    listen("ear", ear)
    await _emit(one, "a")
    await _emit(two, "b")
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute("delete from jobs.procrastinate_jobs")
    await admin.close()
    await sweep()
    await sweep()
    async with db.shared_unit():
        assert {job.args["tenant"] for job in await jobs.jobs()} == {str(one), str(two)}
        assert len(await jobs.jobs()) == 2
    async with asyncio.timeout(20):
        await run_worker(database.dsn, wait=False)
    assert sorted(ear.heard) == ["a", "b"]
