"""Round trips to the database, counted on the connection itself: they do not grow with what is asked for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import msgspec

from askpro import db
from askpro.app import Application, create_app
from askpro.people.persons import add_person
from askpro.people.queries import customer_by_number
from askpro.settings import Settings
from askpro.tariffs import chains

from ..bench import Bench
from ..events import Maker
from ..house import BY, SECRET, Reseller

__all__ = ("Trips",)

PASSWORD = "correct horse battery 7"
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
                trips = await _counted(partial(report, size))
                bench.sheet.note(f"round trips of a report of {size:,}", trips, "")
            async with httpx.AsyncClient(transport=transport, base_url=base) as browser:
                await self._sign_in(browser, reseller)
                for label, more in (("few calls", 0), ("many calls", 2_000)):
                    for start in range(0, more, 1_000):
                        await report(min(1_000, more - start))
                    await _page(browser)
                    trips = await _counted(partial(_page, browser))
                    bench.sheet.note(f"round trips of the overview, {label}", trips, "")

    async def _sign_in(self, browser: httpx.AsyncClient, reseller: Reseller) -> None:
        customer = await _first_customer(reseller)
        await add_person(reseller.id, "anna@example.org", by=BY, customer_id=customer, name="Anna", password=PASSWORD)
        page = await browser.get("/sign-in")
        token = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        assert token is not None, page.text
        fields = {"_csrf": token[1], "email": "anna@example.org", "password": PASSWORD}
        headers = {"Origin": str(browser.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        answer = await browser.post("/sign-in", data=fields, headers=headers)
        assert answer.status_code == 303, answer.text

    async def finish(self, bench: Bench) -> None:
        """Nothing is left."""


async def _first_customer(reseller: Reseller) -> UUID:
    """The id of the reseller's first customer."""
    async with db.unit(reseller.id):
        return (await customer_by_number(reseller.id, reseller.customers[0])).id


async def _page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text


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
