"""Where no real money moves, every page says so; where it does, none claims the opposite."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import inbox, providers
from askpro.sdk.payments import EventKind, ProviderCapabilities, ProviderEvent
from askpro.wallets.adjustments import propose
from askpro_sandbox.provider import open_book
from portal_house import Browser, Portal, portal, ring
from staff_house import disputed, paid, staff
from support.walk import Step, steps

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

NOTICE = '<p class="mode">'
TEXT = "Test mode: no real money moves here."
NO_PAGES = {
    "/sign-in": "before sign-in nobody is asked to pay",
    "/language/{code:str}": "leads back",
    "/transactions.csv": "a file", "/calls.csv": "a file", "/staff/payments.csv": "a file",
    "/staff/adjustments/{adjustment:uuid}/attachment": "a file",
    "/payment-methods/add": "the sandbox has no page for it",
}  # fmt: skip
"""Routes of which no page of a signed-in reader comes."""


class Real:
    """A provider that says of its money that it is real."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def capabilities(self, ctx: Any) -> ProviderCapabilities:
        found: ProviderCapabilities = self._inner.capabilities(ctx)
        return replace(found, live=True)


async def addresses(portal: Portal) -> dict[str, str]:
    """What stands in the addresses of the rooms: ids by their names, and the queries without which there is no page."""
    house = portal.houses["falke"]
    tenant, anna = house.tenant.id, house.customers["C-1"]
    order = await paid(portal, "50", "falke")
    claim = await disputed(portal, await paid(portal, "20", "falke"), "open", slug="falke")
    me = Actor("person", str(house.people["staff@example.org"].id))
    waits = await propose(house.tenant, anna, Money.of("400", "GBP"), reason="a week without service",
                          idempotency="1", by=me)  # fmt: skip
    await ring(house)
    provider = await providers.provider(tenant, "sandbox")
    async with open_book(provider.ctx) as book:
        card = (await book.add_method(str(anna.id), "succeed")).public.ref
    event = ProviderEvent(id="e", kind=EventKind.PAYMENT, occurred_at=clock.now(), key=str(new_id()), type="odd.one")
    await inbox.accept(tenant, "sandbox", event)
    async with db.unit(tenant):
        call: UUID = await db.fetchval("select id from ledger.usage where tenant_id = $1 limit 1", tenant)
        checkout: str = await db.fetchval(
            "select checkout_url from payments.attempt where tenant_id = $1 and order_id = $2", tenant, order.id
        )
    rule = f"threshold=10.00&mode=fixed&amount=25.00&cap=100.00&method=sandbox/{card}"
    return {
        "{order:uuid}": str(order.id), "{dispute:uuid}": str(claim.id), "{adjustment:uuid}": str(waits.id),
        "{customer:uuid}": str(anna.id), "{call:uuid}": str(call), "{plugin:str}": "sandbox",
        "/x/sandbox/checkout/{id:uuid}": checkout,
        "/topup/review": "/topup/review?amount=50.00&method=sandbox&key=0123456789abcdef",
        "/auto-topup/review": f"/auto-topup/review?{rule}",
        "/payment-methods/remove": f"/payment-methods/remove?provider=sandbox&ref={card}",
        "/payment-methods/add": "/payment-methods/add?provider=sandbox",
    }  # fmt: skip


def rooms(portal: Portal) -> list[tuple[Step, bool]]:
    """Every route of pages for people who have signed in, plugins' own included; and whether it is the staff's."""
    found = [
        (step, step.permission == "staff")
        for step in steps(portal.app.litestar)
        if step.method == "GET" and (step.permission in ("person", "customer", "staff") or step.path.startswith("/x/"))
    ]
    assert len(found) > 30
    return found


async def shown(portal: Portal) -> dict[str, str]:
    """Each page of the house by its route, as it is sent."""
    filled, pages = await addresses(portal), {}
    customer = await portal.browser("falke")
    await customer.sign_in()
    readers: dict[bool, Browser] = {False: customer, True: await staff(portal, "falke")}
    for step, staffs in rooms(portal):
        if step.path in NO_PAGES:
            continue
        path = filled.get(step.path) or re.sub(r"\{\w+:\w+\}", lambda found: filled[found[0]], step.path)
        answer = await readers[staffs].get(path)
        assert answer.status_code == 200, f"{path} is no page: {answer.status_code}"
        assert answer.headers["content-type"].startswith("text/html"), path
        pages[step.path] = answer.text
    return pages


async def test_every_page_says_that_money_is_not_real(portal: Portal) -> None:
    """Portal, staff and plugins' pages, one by one from the route table."""
    silent = [path for path, page in (await shown(portal)).items() if page.count(NOTICE) != 1 or TEXT not in page]

    assert silent == []


async def test_no_page_says_so_where_it_is_real(portal: Portal) -> None:
    """The same pages with a provider of real money: not one notice."""
    registry = portal.app.litestar.state["host"]._providers
    plugin, real = registry.find("sandbox")
    registry._held["sandbox"] = (plugin, Real(real))

    loud = [path for path, page in (await shown(portal)).items() if NOTICE in page]

    assert loud == []
