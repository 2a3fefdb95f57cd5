"""A reseller with one customer and prices that can be reckoned in the head."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from askpro.calls.events import UsageEvent, UsageResult
from askpro.commissions.service import publish_scheme
from askpro.ledger import months
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from house import BY, COST, EARLY, customer, prices, reseller, wholesale
from support.reports import NOON, report

__all__ = ("FLAT", "Shop", "open_shop", "shop")

FLAT: dict[str, Any] = {  # a second costs 1,000 units, whatever else
    "increments": "1/1",
    "inbound": "0.06",
    "outbound": {"+49": "0.06"},
    "items": {"token": "0.00001", "booking": "0.5"},
}


@dataclass
class Shop:
    """A reseller in Berlin who earns 20 %, with one customer."""

    tenant: Tenant
    customer: Customer

    async def report(self, *events: UsageEvent) -> list[UsageResult]:
        return await report(self.tenant, *events)

    async def said(self, *events: UsageEvent) -> list[tuple[str, str]]:
        return [(one.status, one.reason) for one in await self.report(*events)]


async def open_shop(content: dict[str, Any] = FLAT, slug: str = "one", **more: Any) -> Shop:
    tenant = await reseller(slug, **more)
    await prices(tenant.id, content)
    await publish_scheme(tenant.id, "percent", Decimal(20), EARLY, by=BY)
    await months.ensure([NOON])
    return Shop(tenant, await customer(tenant.id))


@pytest.fixture
async def shop(database: object) -> Shop:
    await wholesale(content={**COST, "outbound": {"+": "0.06"}})
    return await open_shop()
