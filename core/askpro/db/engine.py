"""The one engine of a process: Piccolo's, with its own transactions locked away.

Piccolo's ``transaction()`` loses the connection when COMMIT fails, treats nesting as nothing and is shared
with child tasks (traps P1-P3). ``askpro.db.unit`` replaces it; calling the original is an error.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

import asyncpg
import msgspec
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from askpro.errors import Misconfigured

__all__ = ("DB", "Engine", "prepare", "start", "stop")


class Engine(PostgresEngine):
    """Piccolo's engine without its version probe at import and without its transactions."""

    # What Piccolo calls its transaction is our unit: it asks it for `connection` and for nothing else.
    current_transaction: ContextVar[Any]

    def __init__(self) -> None:
        super().__init__(config={}, extensions=())
        self.in_migration = False

    async def prep_database(self) -> None:
        """Nothing: extensions and schemas are the migrations' business."""

    async def get_version(self) -> float:
        """What Piccolo may assume; the real version is checked at start: it would connect at import otherwise."""
        return 17.0

    def get_version_sync(self) -> float:
        """See ``get_version``."""
        return 17.0

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        """Only Piccolo's migration runner, inside our own unit, may come here: it joins that unit."""
        if not self.in_migration:
            raise RuntimeError("use db.unit(): Piccolo's transaction() leaks its connection when COMMIT fails")
        return super().transaction(allow_nested=True)


DB = Engine()


async def prepare(connection: asyncpg.Connection[Any]) -> None:
    """Teach a connection our types: jsonb as Python values."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=json.loads, format="text")


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


async def _keep(connection: asyncpg.Connection[Any]) -> None:
    """No RESET ALL between uses: units set everything with SET LOCAL, and the reset costs two round trips."""


async def start(dsn: str, *, min_size: int = 1, max_size: int = 10, pooler: bool = False) -> None:
    """Open the pool. Raises Misconfigured when the server is too old or cannot be reached."""
    if DB.pool is not None:
        raise RuntimeError("the database is open already")
    options: dict[str, Any] = {"statement_cache_size": 0} if pooler else {}
    try:
        DB.pool = await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            init=prepare,
            reset=_keep,
            server_settings={"application_name": "askpro", "timezone": "UTC", "jit": "off"},
            **options,
        )
        version = int(await DB.pool.fetchval("show server_version_num"))
    except (OSError, asyncpg.PostgresError) as error:
        DB.pool = None
        raise Misconfigured(f"ASKPRO_DATABASE_URL: {error}") from error
    if version < 170_000:
        await stop()
        raise Misconfigured(f"PostgreSQL 17 or newer is needed, this is {version // 10_000}.")


async def stop() -> None:
    """Close the pool; open units are waited for."""
    pool, DB.pool = DB.pool, None
    if pool is not None:
        await pool.close()
