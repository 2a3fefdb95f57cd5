"""A reseller whose customers pay with the sandbox, for tests: provider, host and switches are the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from askpro import clock, db
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import inbox, providers
from askpro.payments.charges import Source, collect
from askpro.payments.model import Order, attempt_of
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.model import Customer
from askpro.pluginhost import (
    Host,
    HostConfig,
    PgSwitchBoard,
    Services,
    migrate_plugins,
    open_store,
    read_applied,
)
from askpro.pluginhost.service import enable, offer
from askpro.sdk.context import TenantRef
from askpro.tenancy import tax
from askpro.tenancy.model import Tenant, TenantSettings, Topup
from house import BY, customer, reseller

__all__ = ("SETTINGS", "Payer", "debited", "payer", "paying_host", "prepared", "with_sandbox")

SETTINGS = TenantSettings(topup=Topup(amounts=("10", "25", "50", "100"), minimum="5", maximum="1000"))


async def with_sandbox(host: Host, admin_dsn: str) -> None:
    """The plugins' tables, and the sandbox on offer. The database is open."""
    said = await migrate_plugins(admin_dsn, host.migrations())
    assert [text for text in said.values() if text.startswith("failed")] == []
    await host.start()
    await offer(host, "sandbox", by="tests")


async def prepared(host: Host, tenant: Tenant, rate: str = "0.19") -> None:
    """The tenant has a VAT rate and the sandbox enabled."""
    await tax.set_rate(tenant.id, date(2021, 1, 1), Decimal(rate), by=BY)
    await enable(host, TenantRef(tenant.id), "sandbox", by="tests")


@asynccontextmanager
async def paying_host(admin_dsn: str) -> AsyncIterator[Host]:
    """A host with the sandbox, connected to payments."""
    services = Services(store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin)
    host = Host(HostConfig(only=("sandbox",)), services, PgSwitchBoard())
    host.load()
    await with_sandbox(host, admin_dsn)
    providers.connect(host)
    try:
        yield host
    finally:
        providers.disconnect()


async def debited(tenant: Tenant, customer: Customer, net: Money, source: Source) -> Order:
    """A saved method is charged as auto-top-up does it, without a rule: for tests of what comes after."""
    order = await create_order(tenant, customer, net, source.provider, idempotency=str(new_id()), by=BY)
    async with db.unit(tenant.id):
        row = await db.fetchrow(
            "insert into payments.attempt (tenant_id, id, order_id, provider, method, created_at, changed_at)"
            " values ($1, $2, $3, $4, $5, $6, $6) returning *",
            tenant.id, new_id(), order.id, source.provider, source.label, clock.now(),
        )  # fmt: skip
    return await collect(tenant, customer, order, attempt_of(row), source, by=BY)


class Payer:
    """A customer of a reseller, and short words for what the portal does for them."""

    def __init__(self, host: Host, tenant: Tenant, customer: Customer) -> None:
        self.host, self.tenant, self.customer = host, tenant, customer

    def money(self, amount: str) -> Money:
        return Money.of(amount, self.customer.currency)

    async def order(self, amount: str = "50", key: str = "k-1", provider: str = "sandbox") -> Order:
        return await create_order(self.tenant, self.customer, self.money(amount), provider, idempotency=key, by=BY)

    async def checkout(self, order: Order) -> tuple[Order, str]:
        return await begin_checkout(
            self.tenant, self.customer, order.id, by=BY, description="Credit", return_url="https://x.example/back",
            cancel_url="https://x.example/back", locale="de",
        )  # fmt: skip


@pytest.fixture
async def payer(database: Any) -> AsyncIterator[Payer]:
    async with paying_host(database.admin_dsn) as host:
        tenant = await reseller("nord", settings=SETTINGS)
        await prepared(host, tenant)
        yield Payer(host, tenant, await customer(tenant.id))
