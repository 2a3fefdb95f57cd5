"""What every command that touches the database does first and last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from askpro import db, secrets
from askpro.settings import Settings

__all__ = ("with_database",)

T = TypeVar("T")


def with_database(work: Callable[[Settings], Awaitable[T]]) -> T:
    """Run ``work`` with the settings of the environment and the database open. Raises Misconfigured."""
    settings = Settings.from_env()
    secrets.configure(settings.secret_keys)

    async def run() -> T:
        await db.start(settings.database_url, min_size=1, max_size=settings.pool_max, pooler=settings.pooler)
        try:
            return await work(settings)
        finally:
            await db.stop()

    return asyncio.run(run())
