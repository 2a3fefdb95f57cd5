"""The unit of work survives what loses money elsewhere (traps P1-P5, P13)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from askpro import db
from askpro.ids import new_id

pytestmark = pytest.mark.anyio


async def _tenant(slug: str) -> UUID:
    tenant = new_id()
    async with db.platform_unit("a test makes a tenant"):
        await db.execute(
            "insert into tenancy.tenant (id, slug, name, currency, locale, timezone)"
            " values ($1, $2, $2, 'EUR', 'de', 'Europe/Berlin')",
            tenant,
            slug,
        )
    return tenant


async def _customers(tenant: UUID) -> list[str]:
    async with db.unit(tenant):
        return [row["number"] for row in await db.fetch("select number from people.customer order by number")]


async def _add(tenant: UUID, number: str) -> None:
    await db.execute(
        "insert into people.customer (tenant_id, id, number, name, currency) values ($1, $2, $3, $3, 'EUR')",
        tenant,
        new_id(),
        number,
    )


async def test_inner_unit_is_a_savepoint(database: object) -> None:
    """What an inner unit wrote before it failed is gone; what the outer one wrote stays."""
    tenant = await _tenant("one")
    async with db.unit(tenant):
        await _add(tenant, "A")
        with pytest.raises(ZeroDivisionError):
            async with db.unit(tenant):
                await _add(tenant, "B")
                raise ZeroDivisionError
        async with db.unit(tenant):
            await _add(tenant, "C")

    assert await _customers(tenant) == ["A", "C"]


async def test_failing_commit_gives_the_connection_back(database: object) -> None:
    """A COMMIT that fails (deferred constraint) raises, leaks no connection and leaves no context set."""
    async with db.shared_unit():
        await db.execute("create temp table probe (n int)")  # the app role may do this much
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    await admin.execute(
        "create table public.late (n int unique deferrable initially deferred); grant all on public.late to askpro_app"
    )
    await admin.close()
    for _ in range(20):  # more often than the pool has connections
        with pytest.raises(asyncpg.UniqueViolationError):
            async with db.shared_unit():
                await db.execute("insert into public.late values (1), (1)")
        assert db.current() is None

    async with db.shared_unit():
        assert await db.fetchval("select count(*) from public.late") == 0


async def test_cancellation_gives_the_connection_back(database: object) -> None:
    """A task cancelled inside a query, many times over, leaves the pool usable and nothing written."""
    tenant = await _tenant("one")

    async def slow() -> None:
        async with db.unit(tenant):
            await _add(tenant, "X")
            await db.execute("select pg_sleep(30)")

    for _ in range(20):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await _customers(tenant) == []


async def test_another_task_is_refused(database: object) -> None:
    """Fan-out inside a unit is an error, not a broken connection."""
    tenant = await _tenant("one")

    async def child() -> None:
        await db.fetchval("select 1")

    async with db.unit(tenant):
        results = await asyncio.gather(child(), child(), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]

    async with db.unit(tenant):
        late = asyncio.create_task(child())
    with pytest.raises(RuntimeError, match="task that opened it"):
        await late


async def test_swallowed_error_is_not_a_silent_rollback(database: object) -> None:
    """Catching a statement's error without a savepoint must not end in a COMMIT that commits nothing."""
    tenant = await _tenant("one")
    with pytest.raises(RuntimeError, match="rolled back"):
        async with db.unit(tenant):
            await _add(tenant, "A")
            with pytest.raises(asyncpg.UniqueViolationError):
                await _add(tenant, "A")

    assert await _customers(tenant) == []


async def test_a_unit_sees_its_tenant_only(database: object) -> None:
    """Row-level security: no foreign row is read, changed or made, even without a where clause."""
    one, two = await _tenant("one"), await _tenant("two")
    for tenant in (one, two):
        async with db.unit(tenant):
            await _add(tenant, "A")

    async with db.unit(one):
        assert await db.fetchval("select count(*) from people.customer") == 1
        assert await db.execute("update people.customer set name = 'mine'") == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.unit(one):
                await _add(two, "B")
    async with db.shared_unit():
        assert await db.fetchval("select count(*) from people.customer") == 0
    async with db.unit(two):
        assert await db.fetchval("select name from people.customer") == "A"


async def test_units_of_two_tenants_do_not_nest(database: object) -> None:
    """A service that opens a unit of another tenant inside one is a bug and is told so."""
    one, two = await _tenant("one"), await _tenant("two")
    async with db.unit(one):
        with pytest.raises(RuntimeError, match="another tenant"):
            async with db.unit(two):
                pass
        with pytest.raises(RuntimeError, match="another tenant"):
            async with db.platform_unit("from inside"):
                pass


async def test_platform_unit_narrows_to_a_tenant_and_back(database: object) -> None:
    """Inside a platform unit a tenant's unit sees that tenant alone; after it the platform sees all again."""
    one, two = await _tenant("one"), await _tenant("two")
    async with db.platform_unit("a test looks at both"):
        await _add(one, "A")
        await _add(two, "B")
        async with db.unit(one):
            assert await db.fetchval("select count(*) from people.customer") == 1
        assert await db.fetchval("select count(*) from people.customer") == 2
        with pytest.raises(ZeroDivisionError):
            async with db.unit(two):
                await _add(two, "C")
                raise ZeroDivisionError
        assert await db.fetchval("select count(*) from people.customer") == 2


async def test_platform_access_is_audited(database: object) -> None:
    """Each look across tenants leaves its reason; without one it does not open."""
    async with db.platform_unit("the reason", actor="operator:eva"):
        row = await db.fetchrow("select actor, reason from audit.platform_access order by id desc limit 1")
    assert (row["actor"], row["reason"]) == ("operator:eva", "the reason")
    with pytest.raises(ValueError, match="reason"):
        async with db.platform_unit(" "):
            pass


async def test_nothing_stays_on_the_connection(database: object) -> None:
    """After a unit the pooled connection carries neither tenant nor role (only SET LOCAL is used)."""
    tenant = await _tenant("one")
    async with db.unit(tenant):
        pass
    async with db.platform_unit("a look"):
        pass
    for _ in range(10):
        row = await db.call_row("select current_setting('app.tenant', true) as tenant, current_user as who")
        assert (row["tenant"] or "", row["who"]) == ("", "askpro_app")


async def test_retrying_wins_a_lost_race(database: object) -> None:
    """Two serializable units that collide both end well: the loser runs again."""
    tenant = await _tenant("one")
    async with db.unit(tenant):
        await _add(tenant, "A")

    async def rename(suffix: str) -> None:
        async def work() -> None:
            async with db.unit(tenant, isolation="serializable"):
                name = await db.fetchval("select name from people.customer")
                await asyncio.sleep(0.05)
                await db.execute("update people.customer set name = $1", name + suffix)

        await db.retrying(work)

    await asyncio.gather(rename("1"), rename("2"))
    async with db.unit(tenant):
        assert sorted(await db.fetchval("select name from people.customer")) == ["1", "2", "A"]


async def test_hooks_run_after_the_outermost_commit_only(database: object) -> None:
    """after_commit() fires once all is durable, and not for what was rolled back."""
    tenant, seen = await _tenant("one"), []
    async with db.unit(tenant):
        db.after_commit(lambda: seen.append("outer"))
        with pytest.raises(ZeroDivisionError):
            async with db.unit(tenant):
                db.after_commit(lambda: seen.append("inner"))
                raise ZeroDivisionError
        assert seen == []

    assert seen == ["outer"]


async def test_piccolos_own_transaction_is_locked_away(database: object) -> None:
    """Nobody can open the kind of transaction that leaks its connection."""
    with pytest.raises(RuntimeError, match=r"db\.unit"):
        db.DB.transaction()
