"""Both brands with Stripe, which is the stand-in on a port of its own: browser, server, worker and Stripe meet by HTTP.

``askpro serve`` is a process. Stripe, its deliveries and the worker live in a thread of the test's process, so that a
test has Stripe's hands, can look into the database, and can let time pass for whoever works by the clock.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from browsing import Server, held_port, serving

from askpro import clock, db, secrets
from askpro.app import plugin_host
from askpro.calls.book import Item, book
from askpro.calls.events import UsageEvent
from askpro.demo import fake_stripe
from askpro.ids import new_id
from askpro.messages import links
from askpro.payments import autotopup_jobs, providers, rule
from askpro.people.service import add_person, create_customer
from askpro.pluginhost import Host
from askpro.pluginhost.service import disable, enable, save_settings
from askpro.sdk.context import TenantRef
from askpro.settings import Settings
from askpro.testing.stripe import StripeStandIn
from askpro.testing.stripe.hooks.loopback import LoopbackTransport
from askpro.testing.stripe.serving import delivering, served
from askpro.worker import run_worker
from portal_house import PASSWORD, House, credit
from web_site import OPERATOR

__all__ = ("NUMBERS", "Stage", "staged")

T = TypeVar("T")

NUMBERS = {
    "clara@example.org": "C-3", "david@example.org": "C-4", "emil@example.org": "C-5", "fritz@example.org": "C-6",
    "greta@example.org": "C-7", "heinz@example.org": "C-8",
}  # fmt: skip
"""Customers with 15.00 of credit, so that no story is told on another's wallet."""
PLUGINS = ("sandbox", "stripe")
_PATIENCE = 30.0


@dataclass
class Stage:
    """What a test sees and moves while the browser is at its page."""

    loop: asyncio.AbstractEventLoop
    stripe: StripeStandIn
    address: str
    houses: dict[str, House] = field(default_factory=dict)
    server: Server | None = None
    host: Host | None = None
    moved: timedelta = timedelta()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In the thread of the worker, whose database it is."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_PATIENCE)

    def act(self, deed: Callable[..., T], *args: Any, **more: Any) -> T:
        """One of Stripe's hands, between two of its requests."""

        async def done() -> T:
            return deed(*args, **more)

        return self.run(done())

    def until(self, ready: Callable[[], T]) -> T:
        """What ``ready`` gives, as soon as it is something: the worker and the deliveries are under way."""
        deadline = time.monotonic() + _PATIENCE
        while not (found := ready()):
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)
        return found

    # Stripe

    def things(self, kind: str, slug: str, **like: Any) -> list[dict[str, Any]]:
        """Objects of that kind in the brand's account, oldest first."""
        owner = self.stripe.world.keys[f"sk_test_{slug}"][0]

        def found() -> list[dict[str, Any]]:
            return [
                dict(one)
                for (account, _), book in self.stripe.world.books.items()
                if account == owner
                for one in book.every(kind)
                if all(one[name] == value for name, value in like.items())
            ]

        return self.act(found)

    # the house

    def rows(self, slug: str, sql: str, *values: Any) -> list[dict[str, Any]]:
        """From the brand's tables; $1 is the tenant."""

        async def read() -> list[dict[str, Any]]:
            tenant = self.houses[slug].tenant.id
            async with db.unit(tenant):
                return [dict(row) for row in await db.fetch(sql, tenant, *values)]

        return self.run(read())

    def mails(self, slug: str, number: str, template: str, word: str = "") -> list[dict[str, Any]]:
        """What was written to a customer; only with that word in it."""
        customer = self.houses[slug].customers[number].id
        found = self.rows(
            slug, "select * from messages.mail where tenant_id = $1 and customer_id = $2 and template = $3",
            customer, template,
        )  # fmt: skip
        return [mail for mail in found if word in (mail["text"] or "")]

    def rule(self, slug: str, number: str) -> rule.Rule:
        """The customer's auto-top-up."""

        async def read() -> rule.Rule:
            house = self.houses[slug]
            async with db.unit(house.tenant.id):
                found = await rule.read(house.tenant.id, house.customers[number].wallet_id)
            assert found is not None
            return found

        return self.run(read())

    def call(self, slug: str, number: str, minutes: int) -> None:
        """A finished call of that length, out to a German number."""
        tenant = self.houses[slug].tenant
        ended = clock.now()
        event = UsageEvent(
            id=str(new_id()), customer=number, source="tests", direction="outbound", from_number="+49305550142",
            to_number="+49895550101", started_at=ended - timedelta(minutes=minutes, seconds=5),
            answered_at=ended - timedelta(minutes=minutes), ended_at=ended, disposition="ANSWERED",
        )  # fmt: skip
        self.run(book([Item(tenant.id, tenant.timezone, event, "tests")]))

    def sweep(self, *, after: timedelta = timedelta()) -> None:
        """What the clock does every minute, so much later than last time."""
        self.moved += after
        self.run(autotopup_jobs.sweep())

    def settings(self, slug: str, **values: str) -> None:
        """Save settings of the Stripe plugin for that brand."""
        assert self.host is not None
        tenant = self.houses[slug].tenant
        self.run(save_settings(self.host, TenantRef(tenant.id, slug), "stripe", values, by="tests"))

    def enable(self, slug: str, plugin: str) -> None:
        """Switch a plugin on for that brand."""
        assert self.host is not None
        self.run(enable(self.host, TenantRef(self.houses[slug].tenant.id, slug), plugin, by="tests"))


@contextmanager
def staged(postgres: Any, template: str, password: str, folder: Path) -> Iterator[Stage]:
    """Everything runs inside the block. ``folder``: where the mails go."""
    real = clock.now
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stage", daemon=True)
    thread.start()
    stripe = StripeStandIn(clock=real, outbound=LoopbackTransport())
    ready: Future[str] = Future()
    stop = asyncio.Event()
    opened = asyncio.run_coroutine_threadsafe(_stripe(stripe, ready, stop), loop)
    stage = Stage(loop, stripe, ready.result(_PATIENCE))
    held = held_port()
    port = held.getsockname()[1]
    more = {fake_stripe.API_BASE: stage.address, "ASKPRO_SMTP_URL": folder.as_uri(), "ASKPRO_MAIL_FROM": "b@x.example"}

    async def prepare(host: Host, houses: dict[str, House]) -> None:
        stage.houses = houses
        await _furnish(host, houses, stripe, port)
        held.close()

    with ExitStack() as ending:
        ending.callback(_end, loop, thread)
        ending.callback(opened.result, _PATIENCE)
        ending.callback(loop.call_soon_threadsafe, stop.set)
        patch = ending.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(clock, "now", lambda: real() + stage.moved)
        patch.setenv(fake_stripe.API_BASE, stage.address)
        stage.server = ending.enter_context(
            serving(postgres, template, password, plugins=PLUGINS, prepare=prepare, port=port, more=more)
        )
        up: Future[Host] = Future()
        worker = asyncio.run_coroutine_threadsafe(_worker(stage.server.environment, up, stop), loop)
        ending.callback(worker.result, _PATIENCE)
        ending.callback(loop.call_soon_threadsafe, stop.set)
        stage.host = up.result(_PATIENCE)
        yield stage


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join(_PATIENCE)
    loop.close()


async def _stripe(stripe: StripeStandIn, ready: Future[str], stop: asyncio.Event) -> None:
    """Serve it and deliver its events until told to stop."""
    async with served(stripe) as address:
        ready.set_result(address)
        delivers = asyncio.create_task(delivering(stripe))
        await stop.wait()
        delivers.cancel()
        with suppress(asyncio.CancelledError):
            await delivers


async def _worker(environment: Mapping[str, str], up: Future[Host], stop: asyncio.Event) -> None:
    """What ``askpro worker`` does."""
    settings = Settings.from_env({name: value for name, value in environment.items() if name.startswith("ASKPRO_")})
    secrets.configure(settings.secret_keys)
    links.connect(settings)
    host = plugin_host(settings)
    host.load()
    await db.start(settings.database_url, min_size=1, max_size=6)
    try:
        await host.start()
        providers.connect(host, settings)
        up.set_result(host)
        await run_worker(settings.database_url, stop=stop, grace=5)
    except BaseException as error:
        if not up.done():
            up.set_exception(error)
        raise
    finally:
        providers.disconnect()
        links.disconnect()
        await db.stop()


async def _furnish(host: Host, houses: dict[str, House], stripe: StripeStandIn, port: int) -> None:
    """More customers; Stripe is the only way to pay; each brand has an account there and an endpoint in the house."""
    for slug, house in houses.items():
        stripe.open_account(slug)
        for email, number in NUMBERS.items():
            customer = await create_customer(house.tenant.id, number, f"Praxis {number}", by=OPERATOR, email=email)
            house.customers[number] = customer
            house.people[email] = await add_person(
                house.tenant.id, email, by=OPERATOR, customer_id=customer.id, name=f"Praxis {number}", password=PASSWORD
            )
            await credit(house, "15", number)
    urls = {slug: f"http://{slug}.askpro.localhost:{port}" for slug in houses}
    await fake_stripe.move_in(host, houses, urls)
    for slug, house in houses.items():
        await disable(host, TenantRef(house.tenant.id, slug), "sandbox", by="tests")
