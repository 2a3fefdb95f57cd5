"""A plugin's own tables, reached through the house's unit of work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from askpro import db
from askpro.pluginhost.schema import applied
from askpro.sdk.context import StoreUnit

__all__ = ("TenantStore", "open_store", "read_applied")


class _Statements:
    """Statements in the unit that is open."""

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        return await db.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return await db.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await db.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        return await db.execute(sql, *args)

    async def executemany(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        await db.executemany(sql, rows)


class TenantStore:
    """Bound to a tenant, or to none: then it sees only tables without tenants."""

    def __init__(self, tenant_id: UUID | None) -> None:
        self._tenant_id = tenant_id

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[StoreUnit]:
        """A transaction; inside an open unit of this tenant a savepoint."""
        opened = db.shared_unit() if self._tenant_id is None else db.unit(self._tenant_id)
        async with opened:
            yield _Statements()


def open_store(plugin_id: str, tenant_id: UUID | None) -> TenantStore:
    """``Services.store`` on PostgreSQL. Schemas part the plugins, row-level security parts the tenants."""
    del plugin_id
    return TenantStore(tenant_id)


async def read_applied(schema: str) -> dict[int, str]:
    """``Services.applied`` on PostgreSQL."""
    async with db.shared_unit():
        return await applied(db, schema)
