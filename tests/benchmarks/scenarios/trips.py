"""Round trips to the database, counted on the connection itself: two for a batch, whatever its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from tests.benchmarks.bench import Bench
from tests.benchmarks.events import Maker
from tests.benchmarks.house import SECRET

from askpro import db
from askpro.app import Application, create_app
from askpro.settings import Settings
from askpro.tariffs import chains

__all__ = ("Trips",)

SIZES = (1, 10, 1_000)
_AMORTISED = ("tenancy.stamp()", "people.use_key", "insert into web.rate", "ensure_month", "platform_access")
"""Asked once a second, once in two seconds, once in many requests, once a month."""


class Trips:
    """In this process, through the whole application, on one connection that is listened to."""

    name = "round trips"

    async def prepare(self, bench: Bench) -> None:
        """Nothing."""

    async def round(self, bench: Bench, number: int) -> None:
        store = bench.house.store("trips")
        await store.clone()
        chains.forget()
        settings = Settings(database_url=store.dsn, secret_keys=(SECRET,), plugins=(), pool_min=1, pool_max=1)
        app = create_app(settings)
        async with app.litestar.lifespan():
            await self._count(bench, app, Maker(4_000 + number))
        await store.drop()

    async def _count(self, bench: Bench, app: Application, make: Maker) -> None:
        reseller = bench.house.resellers[0]
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {reseller.key}"}
        base = f"http://{reseller.host}"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:

            async def report(size: int) -> None:
                calls = [msgspec.to_builtins(call) for call in make.batch(reseller.customers, size)]
                answer = await client.post("/api/v2/usage", json={"events": calls})
                assert answer.status_code == 200, answer.text

            await report(200)
            for size in SIZES:
                trips = await _counted(lambda size=size: report(size))  # type: ignore[misc]
                bench.sheet.note(f"round trips of a report of {size:,}", trips, "")

    async def finish(self, bench: Bench) -> None:
        """Nothing is left."""


async def _counted(work: Callable[[], Awaitable[None]]) -> int:
    async with _listening() as heard:
        await work()
    return sum(1 for sql in heard if not any(part in sql for part in _AMORTISED))


@asynccontextmanager
async def _listening() -> AsyncIterator[list[str]]:
    """The statements that go over the process's only connection; BEGIN and COMMIT are trips, too."""
    heard: list[str] = []

    def note(record: Any) -> None:
        heard.append(record.query)

    pool: Any = db.DB.pool
    async with pool.acquire() as connection:
        connection.add_query_logger(note)
    try:
        yield heard
    finally:
        async with pool.acquire() as connection:
            connection.remove_query_logger(note)
