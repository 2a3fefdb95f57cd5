"""The staff's side of the furnished portal: people who may decide, and money that needs deciding."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import httpx

from askpro import clock
from askpro.actor import Actor
from askpro.app import create_app
from askpro.money import Money
from askpro.payments import disputes, queries
from askpro.payments.model import Order
from askpro.payments.refund_model import Dispute
from askpro.people.service import add_person
from askpro.pluginhost import migrate_plugins
from askpro.pluginhost.service import offer
from askpro.sdk import payments as sdk
from paying import with_sandbox
from portal_house import PASSWORD, Browser, Portal, credit, furnish
from web_site import OPERATOR, running, settings_for

__all__ = ("colleague", "disputed", "fields", "paid", "send", "staff", "with_stripe", "words")


@asynccontextmanager
async def with_stripe(database: Any) -> AsyncIterator[Portal]:
    """Both brands, with Stripe on offer beside the sandbox and not set up."""
    app = create_app(settings_for(database, plugins=("sandbox", "stripe")))
    host = app.litestar.state["host"]
    await migrate_plugins(database.admin_dsn, host.migrations())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        await with_sandbox(host, database.admin_dsn)
        await offer(host, "stripe", by="tests")
        yield Portal(app, stack, await furnish(host))


async def staff(portal: Portal, slug: str = "nordstern", email: str = "staff@example.org") -> Browser:
    """A signed-in member of the staff."""
    browser = await portal.browser(slug)
    answer = await browser.sign_in(email)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    await browser.get("/staff")
    return browser


async def send(browser: Browser, path: str, data: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    """A form of ours, with a token of this session wherever the page before had none."""
    if "_csrf" not in (data or {}):
        await browser.get("/settings")
    return await browser.post(path, data, **more)


async def colleague(portal: Portal, slug: str = "nordstern") -> Browser:
    """A second one."""
    house = portal.houses[slug]
    if "second@example.org" not in house.people:
        house.people["second@example.org"] = await add_person(
            house.tenant.id, "second@example.org", by=OPERATOR, role="reseller", name="Zweite Person", password=PASSWORD
        )
    return await staff(portal, slug, "second@example.org")


async def paid(portal: Portal, amount: str = "50", slug: str = "nordstern", number: str = "C-1") -> Order:
    """A payment of a customer, as every other."""
    house = portal.houses[slug]
    await credit(house, amount, number)
    return (await queries.orders(house.tenant.id, customer=house.customers[number].id, limit=1))[0]


async def disputed(portal: Portal, order: Order, state: str = "withdrawn", slug: str = "nordstern") -> Dispute:
    """What a bank would have said of it."""
    tenant = portal.houses[slug].tenant.id
    attempt = await queries.attempt_of_order(tenant, order.id)
    assert attempt is not None
    said = sdk.Dispute(
        ref=f"dp_{order.id.hex[:12]}", payment_ref=attempt.provider_ref, amount=order.gross,
        state=sdk.DisputeState(state), fee=Money.of("15", order.gross.currency), reason="fraudulent",
        answer_by=clock.now() + timedelta(days=9),
    )  # fmt: skip
    return await disputes.apply(tenant, attempt, said, by=Actor.system("tests"))


def words(html: str) -> str:
    """What a reader sees, in one line."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\N{NO-BREAK SPACE}", " ").split())


def fields(html: str) -> dict[str, Any]:
    """The hidden fields of a check page, its token among them."""
    main = html.partition("<main")[2]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', main)}
