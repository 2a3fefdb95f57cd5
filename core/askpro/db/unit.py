"""The unit of work: a transaction that survives what Piccolo's does not.

* nested in another unit it is a savepoint;
* a failing COMMIT, a cancelled task or a lost connection never leak a connection or leave the context set;
* another task than the one that opened it is refused: no fan-out inside a transaction;
* a statement that failed and was swallowed cannot turn the final COMMIT into a silent ROLLBACK;
* the tenant is set with SET LOCAL, so nothing stays on the pooled connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from askpro.db.engine import DB
from askpro.errors import Moved

__all__ = ("Unit", "after_commit", "current", "platform_unit", "retrying", "shared_unit", "unit")

T = TypeVar("T")

_ISOLATION = {
    None: "",
    "serializable": " isolation level serializable",
    "repeatable read": " isolation level repeatable read",
}
_TENANT, _PLATFORM, _SHARED = "tenant", "platform", "shared"


class Unit:
    """An open transaction. Piccolo finds ``connection`` here, and so do ``db.fetch`` and its sisters."""

    __slots__ = ("_connection", "_savepoints", "hooks", "owner", "scope", "tenant")

    def __init__(self, connection: Any, scope: str, tenant: UUID | None) -> None:
        self._connection = connection
        self.owner = asyncio.current_task()
        self.scope = scope
        self.tenant = tenant
        self.hooks: list[Callable[[], None]] = []
        self._savepoints = 0

    @property
    def connection(self) -> Any:
        """The asyncpg connection. Raises RuntimeError in any task but the one that opened the unit."""
        if asyncio.current_task() is not self.owner:
            raise RuntimeError("a unit belongs to the task that opened it; put follow-up work into the outbox")
        return self._connection

    def next_savepoint(self) -> str:
        self._savepoints += 1
        return f"askpro_{self._savepoints}"


def current() -> Unit | None:
    """The open unit of this task, if any."""
    found: Unit | None = DB.current_transaction.get()
    return found


def after_commit(hook: Callable[[], None]) -> None:
    """Run ``hook`` (short, in memory, must not raise) when the outermost unit has committed."""
    open_unit = current()
    if open_unit is None:
        raise RuntimeError("after_commit() outside a unit")
    open_unit.hooks.append(hook)


@asynccontextmanager
async def unit(tenant: UUID, *, isolation: str | None = None) -> AsyncIterator[Unit]:
    """A transaction that sees ``tenant`` and nobody else; a savepoint when one is open already.

    Raises RuntimeError when a unit of another tenant is open: two tenants never share a transaction by accident.
    """
    async with _enter(_TENANT, tenant, isolation) as opened:
        yield opened


@asynccontextmanager
async def shared_unit() -> AsyncIterator[Unit]:
    """A transaction that sees no tenant's rows: for tables without tenant data and for ledger functions."""
    async with _enter(_SHARED, None, None) as opened:
        yield opened


@asynccontextmanager
async def platform_unit(reason: str, *, actor: str = "system") -> AsyncIterator[Unit]:
    """A transaction that sees every tenant: the only one. ``reason`` and ``actor`` are kept in the audit log."""
    if not reason.strip():
        raise ValueError("looking across tenants needs a reason")
    async with _enter(_PLATFORM, None, None) as opened:
        await opened.connection.execute(
            "insert into audit.platform_access (reason, actor) values ($1, $2)", reason, actor
        )
        yield opened


def _locals(scope: str, tenant: UUID | None) -> str:
    role = "askpro_platform" if scope == _PLATFORM else "none"
    who = "" if tenant is None else str(UUID(int=tenant.int))
    return f"set local role {role}; set local app.tenant = '{who}'; set local app.scope = '{scope}'"


@asynccontextmanager
async def _enter(scope: str, tenant: UUID | None, isolation: str | None) -> AsyncIterator[Unit]:
    outer = current()
    if outer is None:
        async with _transaction(scope, tenant, _ISOLATION[isolation]) as opened:
            yield opened
    else:
        async with _savepoint(outer, scope, tenant) as opened:
            yield opened


@asynccontextmanager
async def _transaction(scope: str, tenant: UUID | None, isolation: str) -> AsyncIterator[Unit]:
    pool = DB.pool
    if pool is None:
        raise RuntimeError("the database is not open: call db.start() in the application's lifespan")
    connection = await pool.acquire()
    context = None
    finished = False
    try:
        await connection.execute(f"begin{isolation}; {_locals(scope, tenant)}")
        opened = Unit(connection, scope, tenant)
        context = DB.current_transaction.set(opened)
        yield opened
        tag = await connection.execute("commit")
        finished = True
        if tag != "COMMIT":
            raise RuntimeError("a statement in this unit failed and was swallowed; everything was rolled back")
    finally:
        if context is not None:
            DB.current_transaction.reset(context)
        await asyncio.shield(_give_back(pool, connection, finished))
    for hook in opened.hooks:
        hook()


async def _give_back(pool: Any, connection: Any, finished: bool) -> None:
    """Return the connection clean, or not at all."""
    try:
        if not finished and not connection.is_closed():
            await connection.execute("rollback")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()
    finally:
        await pool.release(connection)


@asynccontextmanager
async def _savepoint(outer: Unit, scope: str, tenant: UUID | None) -> AsyncIterator[Unit]:
    narrowed = outer.scope == _PLATFORM and scope == _TENANT
    if (scope, tenant) != (outer.scope, outer.tenant) and not narrowed:
        raise RuntimeError(f"a {scope} unit cannot open inside a {outer.scope} unit of another tenant")
    connection, name = outer.connection, outer.next_savepoint()
    before = (outer.scope, outer.tenant)
    await connection.execute(f"savepoint {name}" + (f"; {_locals(scope, tenant)}" if narrowed else ""))
    if narrowed:
        outer.scope, outer.tenant = scope, tenant
    hooks = len(outer.hooks)
    try:
        yield outer
    except BaseException:
        del outer.hooks[hooks:]
        outer.scope, outer.tenant = before
        if not connection.is_closed():
            await asyncio.shield(connection.execute(f"rollback to savepoint {name}; release savepoint {name}"))
        raise
    outer.scope, outer.tenant = before
    restore = f"; {_locals(*before)}" if narrowed else ""
    await connection.execute(f"release savepoint {name}{restore}")


async def retrying(work: Callable[[], Awaitable[T]], *, attempts: int = 5) -> T:
    """Run ``work`` again when it lost a race (serialization, deadlock, Moved). ``work`` opens its own unit."""
    for attempt in range(1, attempts + 1):
        try:
            return await work()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Moved):
            if attempt == attempts:
                raise
            await asyncio.sleep(0.005 * 2**attempt)
    raise AssertionError("unreachable")
