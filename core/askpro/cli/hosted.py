"""What every command that speaks with plugins does first and last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from askpro import db, logs, secrets
from askpro.app import plugin_host
from askpro.payments import providers
from askpro.pluginhost import Host
from askpro.settings import Settings

__all__ = ("with_host",)

T = TypeVar("T")


def with_host(work: Callable[[Host], Awaitable[T]]) -> T:
    """Run ``work`` with database and plugins up, as the server would. Raises Misconfigured."""
    settings = Settings.from_env()
    logs.configure(json=settings.log_json)
    secrets.configure(settings.secret_keys)

    async def run() -> T:
        host = plugin_host(settings)
        host.load()
        await db.start(settings.database_url, max_size=settings.pool_max, pooler=settings.pooler)
        try:
            await host.start()
            providers.connect(host, settings)
            return await work(host)
        finally:
            providers.disconnect()
            await db.stop()

    return asyncio.run(run())
