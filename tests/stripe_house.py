"""Two resellers in the running application, with the sandbox and with Stripe, which is the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from askpro import db
from askpro.app import Application, create_app
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import endpoints, inbox, queries
from askpro.payments.inbox import InboxEvent
from askpro.payments.model import Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.model import Customer
from askpro.people.service import create_customer
from askpro.pluginhost import Host, HostConfig, PgSwitchBoard, Services, migrate_plugins, open_store, read_applied
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro.tenancy import tax
from askpro.tenancy.model import Tenant, TenantSettings, Topup
from askpro.tenancy.service import create_tenant
from askpro.testing.stripe import StripeStandIn
from web_site import OPERATOR, running, settings_for

__all__ = ("STRIPE", "House", "house")

STRIPE = ("3.18.12.63", 443)
"""Whence the stand-in's events come."""


@dataclass
class House:
    """``nord`` and ``falke`` with a customer each; ``stripe`` knows the accounts ``nord``, ``falke``, ``platform``."""

    app: Application
    host: Host
    stripe: StripeStandIn
    stack: AsyncExitStack
    operator: dict[str, str]
    tenants: dict[str, Tenant] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)

    def ref(self, slug: str) -> TenantRef:
        return TenantRef(self.tenants[slug].id, slug)

    async def client(self, slug: str = "nord", *, address: str = "203.0.113.7", **given: Any) -> httpx.AsyncClient:
        """On a reseller's host; with ``slug=""`` on the base domain."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711), raise_app_exceptions=True)
        host = f"{slug}.askpro.localhost" if slug else "askpro.localhost"
        made = httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000", **given)
        return await self.stack.enter_async_context(made)

    async def own_stripe(self, slug: str) -> str:
        """The reseller's own account, with an endpoint at Stripe; its address."""
        await save_settings(self.host, self.ref(slug), "stripe", {"secret_key": f"sk_test_{slug}"}, by="t")
        await enable(self.host, self.ref(slug), "stripe", by="t")
        done = await endpoints.connect_endpoint(self.tenants[slug], "stripe", by=OPERATOR)
        return done.url

    async def order(self, slug: str, provider: str, amount: str = "50") -> tuple[Order, str]:
        """A checkout; (order, the provider's number of it)."""
        tenant, customer = self.tenants[slug], self.customers[slug]
        net = Money.of(amount, customer.currency)
        made = await create_order(tenant, customer, net, provider, idempotency=str(new_id()), by=OPERATOR)
        order, _ = await begin_checkout(
            tenant, customer, made.id, by=OPERATOR, description="Credit", return_url="https://x.example/",
            cancel_url="https://x.example/", locale="en",
        )  # fmt: skip
        attempt = await queries.attempt_of_order(tenant.id, order.id)
        assert attempt is not None
        assert attempt.provider_ref
        return order, attempt.provider_ref

    async def inbox(self, slug: str, **which: Any) -> list[InboxEvent]:
        return await inbox.events(self.tenants[slug].id, **which)

    async def work(self, slug: str) -> None:
        """What the worker does."""
        for one in reversed(await self.inbox(slug, state="waiting")):
            await inbox.process(self.tenants[slug].id, one.id)

    async def balance(self, slug: str) -> str:
        tenant, customer = self.tenants[slug], self.customers[slug]
        async with db.unit(tenant.id):
            units: int = await db.fetchval(
                "select posted from ledger.wallet where tenant_id = $1 and id = $2", tenant.id, customer.wallet_id
            )
        return f"{Money(units, customer.currency).decimal:.2f}"


@pytest.fixture
async def house(empty_database: Any) -> AsyncIterator[House]:
    stripe, operator = StripeStandIn(), {"platform_secret_key": "sk_test_platform"}
    for name in ("nord", "falke", "platform"):
        stripe.open_account(name)
    services = Services(
        store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin, transport=stripe.transport()
    )
    host = Host(HostConfig(only=("sandbox", "stripe"), settings={"stripe": operator}), services, PgSwitchBoard())
    app = create_app(settings_for(empty_database, plugins=("sandbox", "stripe")), host=host)
    stripe.outbound = httpx.ASGITransport(app=app, client=STRIPE, raise_app_exceptions=True)
    said = await migrate_plugins(empty_database.admin_dsn, host.migrations())
    assert [text for text in said.values() if text.startswith("failed")] == []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        made = House(app, host, stripe, stack, operator)
        for plugin in ("sandbox", "stripe"):
            await offer(host, plugin, by="t")
        for slug in ("nord", "falke"):
            tenant = await create_tenant(
                slug, slug.title(), currency="EUR", locale="de", timezone="Europe/Berlin", by=OPERATOR,
                settings=TenantSettings(topup=Topup(("10", "50"), "5", "1000")),
            )  # fmt: skip
            made.tenants[slug] = tenant
            await tax.set_rate(tenant.id, date(2021, 1, 1), Decimal("0.19"), by=OPERATOR)
            made.customers[slug] = await create_customer(tenant.id, "C-1", "Praxis", by=OPERATOR)
            await enable(host, TenantRef(tenant.id), "sandbox", by="t")
        yield made
