"""Calls while they last, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import structs

from askpro import clock, db
from askpro.calls.control.model import Beat, CallEnd, CallStart, Decision, Settled
from askpro.calls.control.service import Control
from askpro.calls.train import Train
from askpro.commissions.service import publish_scheme
from askpro.ids import usage_id
from askpro.ledger import months
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from askpro.tenancy.service import update_tenant
from house import BY, COST, EARLY, customer, prices, reseller, wholesale
from support.reports import NOON, credit

__all__ = ("FLAT", "Desk", "open_desk")

FLAT: Mapping[str, Any] = {
    "increments": "1/1",
    "inbound": "0.12",
    "outbound": {"+49": "0.12"},
    "items": {"token": "0.001"},
}
"""A second costs 2,000 units, a quantum 120,000."""


@dataclass
class Desk:
    """A reseller, its customer, and call control."""

    tenant: Tenant
    customer: Customer
    control: Control = field(default_factory=lambda: Control(Train()))

    def id(self, name: str, at: datetime = NOON) -> UUID:
        return usage_id(self.tenant.id, "pbx", name, at)

    async def start(self, name: str, *, at: datetime = NOON, now: datetime | None = None, **more: Any) -> Decision:
        values: dict[str, Any] = {
            "id": name, "customer": self.customer.number, "direction": "inbound", "from_number": "+4989111",
            "to_number": "+4930222", "started_at": at, "source": "pbx",
        }  # fmt: skip
        with clock.frozen(now or at):
            return await self.control.authorize(
                self.tenant.id, self.tenant.timezone, CallStart(**(values | more)), by=BY
            )

    async def beat(self, name: str, seq: int, now: datetime, *, at: datetime = NOON, **more: Any) -> Decision:
        with clock.frozen(now):
            return await self.control.extend(self.tenant.id, self.id(name, at), Beat(seq=seq, **more))

    async def end(self, name: str, seconds: float, *, at: datetime = NOON, ring: float = 2, **more: Any) -> Settled:
        """Answered after ``ring`` seconds, over ``seconds`` later."""
        answered = at + timedelta(seconds=ring)
        values: dict[str, Any] = {"answered_at": answered, "ended_at": answered + timedelta(seconds=seconds)} | more
        with clock.frozen(values["ended_at"]):
            return await self.control.finish(self.tenant.id, self.id(name, at), CallEnd(**values), by=BY)

    async def cancel(self, name: str, *, at: datetime = NOON) -> None:
        await self.control.cancel(self.tenant.id, self.id(name, at))

    async def money(self, wallet: UUID | None = None) -> tuple[int, int, int]:
        """(posted, held, overrun)."""
        async with db.unit(self.tenant.id):
            row = await db.fetchrow(
                "select posted, held, overrun from ledger.wallet where tenant_id = $1 and id = $2",
                self.tenant.id,
                wallet or self.customer.wallet_id,
            )
        return row["posted"], row["held"], row["overrun"]

    async def states(self) -> dict[str, int]:
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select state, count(*) as n from ledger.hold where tenant_id = $1 group by state", self.tenant.id
            )
        return {row["state"]: row["n"] for row in rows}

    async def own_wallet(self, units: int) -> UUID:
        """Make the reseller pay in advance, with so much money; its wallet."""
        self.tenant = await update_tenant(
            self.tenant.id, by=BY, settings=structs.replace(self.tenant.settings, funding="prepaid")
        )
        async with db.unit(self.tenant.id):
            found: UUID = await db.fetchval(
                "select wallet_id from ledger.funding where tenant_id = $1 and until is null", self.tenant.id
            )
        if units:
            await credit(self.tenant, _purse(self.customer, found), units)
        return found


def _purse(customer: Customer, wallet: UUID) -> Customer:
    """The customer, as ``credit`` needs to see it to fill another wallet."""
    return replace(customer, wallet_id=wallet)


async def open_desk(money: int, content: Mapping[str, Any] = FLAT, slug: str = "one", **more: Any) -> Desk:
    """A reseller in Berlin who earns a commission, with one customer who has ``money`` (10⁻⁶)."""
    if slug == "one":
        await wholesale(content={**COST, "outbound": {"+": "0.06"}})
    tenant = await reseller(slug, **more)
    await prices(tenant.id, content)
    await publish_scheme(tenant.id, "percent", Decimal(20), EARLY, by=BY)
    await months.ensure([NOON])
    desk = Desk(tenant, await customer(tenant.id))
    if money:
        await credit(tenant, desk.customer, money)
    return desk
