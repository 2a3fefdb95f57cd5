"""The application in the test's own event loop, with two resellers, prices, customers and keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from askpro import clock
from askpro.actor import Actor
from askpro.app import Application, create_app
from askpro.ids import new_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind
from askpro.ledger.service import ensure_account, post
from askpro.ledger.transfer import Transfer
from askpro.money import Money
from askpro.people import keys
from askpro.people.model import Customer
from askpro.people.service import create_customer
from askpro.settings import Settings
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.service import create_tenant

SECRET = ("test-key-test-key-test-key-test-key",)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR = Actor("operator", "tests")
WHOLESALE = {
    "increments": [1, 1],
    "inbound": "0.01",
    "outbound": {"+": "0.02"},
    "items": [["token", "0"], ["booking", "0"]],
}
RETAIL = {
    "increments": [1, 1],
    "inbound": "0.06",
    "outbound": {"+49": "0.12", "+44": "0.24"},
    "items": [["token", "0.000001"], ["booking", "0.5"]],
}


def settings_for(database: Any, **changes: Any) -> Settings:
    """Settings on a test's database, without plugins unless asked for."""
    values: dict[str, Any] = {"database_url": database.dsn, "secret_keys": SECRET, "plugins": (), "pool_max": 8}
    return Settings(**{**values, **changes})


@asynccontextmanager
async def running(app: Application) -> AsyncIterator[Application]:
    """The application with its lifespan entered in this very task and loop (traps L9, L10)."""
    async with app.litestar.lifespan():
        yield app


@dataclass
class Site:
    """A running application and what a test needs to talk to it."""

    app: Application
    stack: AsyncExitStack
    tenants: dict[str, Tenant] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    async def client(
        self, slug: str = "", key: str | None = None, *, address: str = "203.0.113.7", **given: Any
    ) -> httpx.AsyncClient:
        """A client on a reseller's host. ``key``: bearer; None: the reseller's full key; "" none at all."""
        headers: dict[str, str] = dict(given.pop("headers", {}))
        secret = self.keys.get(slug, "") if key is None else key
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711), raise_app_exceptions=True)
        base = f"http://{slug}.askpro.localhost" if slug else given.pop("base_url", "http://nobody.example")
        made = httpx.AsyncClient(transport=transport, base_url=base, headers=headers, **given)
        return await self.stack.enter_async_context(made)

    async def key(self, slug: str, scopes: Sequence[str], **given: Any) -> str:
        """A key with these scopes only."""
        secret, _ = await keys.create(self.tenants[slug].id, "narrow", scopes, by=OPERATOR, **given)
        return secret

    async def top_up(self, customer: str, amount: str) -> None:
        """Credit a wallet, as a payment would."""
        slug = customer.split("/")[0]
        tenant, found = self.tenants[slug], self.customers[customer]
        clearing = await ensure_account(tenant.id, AccountKind.CLEARING, found.currency, "test")
        at = clock.now()
        await months.ensure()
        transfer = Transfer(
            tenant=tenant.id,
            debit=clearing,
            credit=found.wallet_id,
            kind="topup",
            key=str(new_id()),
            actor=str(OPERATOR),
            amount=Money.of(Decimal(amount), found.currency).units,
            day=clock.civil_day(at, tenant.timezone),
            occurred_at=at,
        )
        (await post(transfer)).or_raise()


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve(empty_database: Any) -> AsyncIterator[Serve]:
    """``await serve(**settings)`` starts the application on a fresh database; all clients close with the test."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Site:
            app = create_app(settings_for(empty_database, **changes))
            await stack.enter_async_context(running(app))
            return Site(app, stack)

        yield start


@pytest.fixture
async def site(serve: Serve) -> Site:
    """Two resellers, ``nord`` (EUR, de) and ``falke`` (GBP, en), each with prices, two customers and a full key."""
    made = await serve()
    await populate(made)
    return made


async def populate(made: Site) -> None:
    """What the ``site`` fixture holds."""
    for slug, currency, locale, zone in (
        ("nord", "EUR", "de", "Europe/Berlin"),
        ("falke", "GBP", "en", "Europe/London"),
    ):
        if slug == "nord":
            await publish_version(PLATFORM, Level.PLATFORM, None, "EUR", BEGINNING, WHOLESALE, by=OPERATOR)
            await publish_version(PLATFORM, Level.PLATFORM, None, "GBP", BEGINNING, WHOLESALE, by=OPERATOR)
        tenant = await create_tenant(slug, slug.title(), currency=currency, locale=locale, timezone=zone, by=OPERATOR)
        made.tenants[slug] = tenant
        await publish_version(tenant.id, Level.RESELLER, None, currency, BEGINNING, RETAIL, by=OPERATOR)
        for number in ("C-1", "C-2"):
            customer = await create_customer(tenant.id, number, f"Customer {number}", by=OPERATOR)
            made.customers[f"{slug}/{number}"] = customer
        made.keys[slug], _ = await keys.create(tenant.id, "full", ["*"], by=OPERATOR)


def event(identifier: str, customer: str = "C-1", **changes: Any) -> dict[str, Any]:
    """A good report of a finished call: a minute to Germany on 3 March."""
    return {
        "id": identifier, "customer": customer, "direction": "outbound", "from_number": "+4930111111",
        "to_number": "+4930222222", "started_at": "2026-03-03T10:00:00Z", "answered_at": "2026-03-03T10:00:05Z",
        "ended_at": "2026-03-03T10:01:05Z", **changes,
    }  # fmt: skip
