"""Short words for tests: a reseller, a customer, prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from askpro.actor import Actor
from askpro.people.model import Customer
from askpro.people.service import create_customer
from askpro.tariffs.card import Level
from askpro.tariffs.service import Published, publish_version
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.service import create_tenant

__all__ = ("BY", "COST", "EARLY", "RETAIL", "customer", "prices", "reseller", "wholesale")

BY = Actor.system("tests")
EARLY = datetime(2025, 1, 1, tzinfo=UTC)
COST: Mapping[str, Any] = {
    "increments": "1/1",
    "inbound": "0.04",
    "outbound": {"+49": "0.06"},
    "items": {"token": "0.000003", "booking": "0.1"},
}
RETAIL: Mapping[str, Any] = {
    "increments": "30/6",
    "connect_fee": "0.02",
    "inbound": "0.12",
    "outbound": {"+49": "0.15", "+4915": "0.24"},
    "items": {"token": "0.00001", "booking": "0.5"},
}


async def reseller(slug: str = "one", **more: Any) -> Tenant:
    """A reseller in euro, in Berlin."""
    values: dict[str, Any] = {"currency": "EUR", "locale": "de", "timezone": "Europe/Berlin", "by": BY}
    return await create_tenant(slug, slug.title(), **(values | more))


async def customer(tenant: UUID, number: str = "NO-1", **more: Any) -> Customer:
    """A customer with a wallet."""
    return await create_customer(tenant, number, f"Customer {number}", by=BY, **more)


async def wholesale(currency: str = "EUR", content: Mapping[str, Any] = COST, begins: datetime = EARLY) -> Published:
    """What every reseller pays."""
    return await publish_version(PLATFORM, Level.PLATFORM, None, currency, begins, content, by=BY)


async def prices(tenant: UUID, content: Mapping[str, Any] = RETAIL, begins: datetime = EARLY, **more: Any) -> Published:
    """What all of a reseller's customers pay."""
    return await publish_version(tenant, Level.RESELLER, None, "EUR", begins, content, by=BY, **more)
