"""What goes over the wire to PostgreSQL, as this process sends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

__all__ = ("listening",)


@contextmanager
def listening(heard: list[str]) -> Iterator[None]:
    """What goes over any connection meanwhile; BEGIN and COMMIT are trips, too."""
    watched = ("fetch", "fetchrow", "fetchval", "execute", "executemany")
    kept = {name: getattr(asyncpg.Connection, name) for name in watched}

    def watching(name: str) -> Any:
        async def run(self: Any, sql: str, *args: Any, **options: Any) -> Any:
            heard.append(sql)
            return await kept[name](self, sql, *args, **options)

        return run

    for name in watched:
        setattr(asyncpg.Connection, name, watching(name))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(asyncpg.Connection, name, function)
