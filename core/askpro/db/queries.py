"""Statements inside the open unit, and single statements that are a unit by themselves.

``$1``-style parameters only; SQL is never put together from data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from askpro.db.engine import DB
from askpro.db.unit import current

__all__ = ("call", "call_row", "execute", "executemany", "fetch", "fetchrow", "fetchval")


def _connection() -> Any:
    opened = current()
    if opened is None:
        raise RuntimeError("no unit is open: use `async with db.unit(tenant):`")
    return opened.connection


async def fetch(sql: str, *args: Any) -> list[Any]:
    """All rows, as asyncpg records."""
    rows: list[Any] = await _connection().fetch(sql, *args)
    return rows


async def fetchrow(sql: str, *args: Any) -> Any:
    """The first row, or None."""
    return await _connection().fetchrow(sql, *args)


async def fetchval(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    return await _connection().fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> str:
    """Run a statement; returns its command tag (``UPDATE 1``)."""
    tag: str = await _connection().execute(sql, *args)
    return tag


async def executemany(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once a row, in one round trip."""
    await _connection().executemany(sql, rows)


async def call(sql: str, *args: Any) -> list[Any]:
    """One statement that is a transaction by itself, outside any tenant: a function that guards itself.

    Inside a unit it runs on that unit's connection, so it commits or fails with it.
    """
    if current() is not None:
        return await fetch(sql, *args)
    if DB.pool is None:
        raise RuntimeError("the database is not open: call db.start() in the application's lifespan")
    rows: list[Any] = await DB.pool.fetch(sql, *args)
    return rows


async def call_row(sql: str, *args: Any) -> Any:
    """``call`` for a single row, or None."""
    rows = await call(sql, *args)
    return rows[0] if rows else None
