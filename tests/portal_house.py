"""Two furnished brands for tests of the portal: ``nordstern`` (EUR, German) and ``falke`` (GBP, English)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from askpro import clock, db
from askpro.app import Application, create_app
from askpro.calls.book import Item, book
from askpro.calls.events import UsageEvent
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import queries, settle
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.model import Customer, Person
from askpro.people.service import add_person, create_customer
from askpro.pluginhost import Host, migrate_plugins
from askpro.pluginhost.service import enable, offer
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import ChargeResult, Outcome
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version
from askpro.tenancy import tax
from askpro.tenancy.model import PLATFORM, Brand, Link, Tenant, TenantSettings, Topup
from askpro.tenancy.service import create_tenant
from paying import with_sandbox
from web_site import BEGINNING, OPERATOR, RETAIL, WHOLESALE, running, settings_for

__all__ = ("PASSWORD", "Browser", "Portal", "credit", "furnish", "portal", "ring", "token_in")

PASSWORD = "correct horse battery 7"
_STAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#123a7a"/>'
    '<path d="M16 5l2.6 8.4L27 16l-8.4 2.6L16 27l-2.6-8.4L5 16l8.4-2.6z" fill="#fff"/></svg>'
)


@dataclass
class House:
    """A brand with its customers: ``people`` by e-mail."""

    tenant: Tenant
    customers: dict[str, Customer] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)


async def furnish(host: Host) -> dict[str, House]:
    """Make both brands in the open database, with prices, customers, people and a sandbox to pay with."""
    await offer(host, "sandbox", by="tests")
    houses = {}
    for slug, name, currency, locale, zone, rate, colour, font, radius, logo in (
        ("nordstern", "Nordstern Telefonie", "EUR", "de", "Europe/Berlin", "0.19", "#123a7a", "inter", 10, _STAR),
        ("falke", "Falke Voice", "GBP", "en", "Europe/London", "0.20", "#f26b1d", "figtree", 14, ""),
    ):
        await publish_version(PLATFORM, Level.PLATFORM, None, currency, BEGINNING, WHOLESALE, by=OPERATOR)
        tenant = await create_tenant(
            slug, name, currency=currency, locale=locale, timezone=zone, by=OPERATOR,
            brand=Brand(colour=colour, font=font, radius=radius, logo=logo,
                        legal=(Link("Impressum" if locale == "de" else "Imprint", "https://house.example/legal"),)),
            settings=TenantSettings(topup=Topup(("10", "25", "50", "100"), "5", "1000")),
        )  # fmt: skip
        await publish_version(tenant.id, Level.RESELLER, None, currency, BEGINNING, RETAIL, by=OPERATOR)
        await tax.set_rate(tenant.id, date(2021, 1, 1), Decimal(rate), by=OPERATOR)
        await enable(host, TenantRef(tenant.id), "sandbox", by="tests")
        house = houses[slug] = House(tenant)
        for number, email in (("C-1", "anna@example.org"), ("C-2", "ben@example.org")):
            customer = await create_customer(tenant.id, number, f"Praxis {number}", by=OPERATOR, email=email)
            house.customers[number] = customer
            house.people[email] = await add_person(
                tenant.id, email, by=OPERATOR, customer_id=customer.id, name="Anna Wagner-Rösch", password=PASSWORD
            )
        house.people["staff@example.org"] = await add_person(
            tenant.id, "staff@example.org", by=OPERATOR, role="reseller", name="Staff", password=PASSWORD
        )
    return houses


async def credit(house: House, amount: str, number: str = "C-1") -> None:
    """A top-up that was paid, by the steps of every other."""
    customer = house.customers[number]
    net = Money.of(amount, customer.currency)
    order = await create_order(house.tenant, customer, net, "sandbox", idempotency=str(new_id()), by=OPERATOR)
    await begin_checkout(
        house.tenant, customer, order.id, by=OPERATOR, description="", return_url="https://x.example/",
        cancel_url="https://x.example/", locale="en",
    )  # fmt: skip
    attempt = await queries.attempt_of_order(house.tenant.id, order.id)
    assert attempt is not None
    paid = ChargeResult(key=str(attempt.id), outcome=Outcome.SETTLED, amount=order.gross, provider_ref=str(attempt.id))
    await settle.apply(house.tenant.id, attempt.id, paid, by=OPERATOR)


async def ring(house: House, number: str = "C-1", *, days: int = 3, calls: int = 4) -> None:
    """Finished calls around noon of yesterday and the days before, some long, one of four unanswered."""
    zone = house.tenant.timezone
    noon = clock.day_bounds(clock.civil_day(clock.now(), zone) - timedelta(days=1), zone)[0] + timedelta(hours=12)
    items = []
    for day in range(days):
        for n in range(calls):
            began = noon - timedelta(days=day, minutes=17 * n)
            outbound = n % 2 == 0
            missed = n % 4 == 3
            event = UsageEvent(
                id=f"{number}-{day}-{n}", customer=number, source="tests",
                direction="outbound" if outbound else "inbound", from_number="+49305550142", to_number="+49895550101",
                started_at=began, answered_at=None if missed else began + timedelta(seconds=6),
                ended_at=began + timedelta(seconds=20 + 73 * n * (day % 6 + 1)),
                disposition="NO ANSWER" if missed else "ANSWERED", tokens=500 * n,
            )  # fmt: skip
            items.append(Item(house.tenant.id, house.tenant.timezone, event, "tests"))
    await book(items)


def token_in(html: str) -> str:
    """The CSRF token of the page's first form."""
    found = re.search(r'name="_csrf" value="([^"]+)"', html)
    assert found, "this page has no form of ours"
    return found[1]


class Browser:
    """What a browser does, without one: keeps cookies, follows nothing by itself, sends its origin."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.page = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        answer = await self.client.get(path, headers={"Accept": "text/html", **more.pop("headers", {})}, **more)
        self.page = answer.text
        return answer

    async def post(self, path: str, data: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """With the token of the page that was got last, unless one is given."""
        fields = dict(data or {})
        if "_csrf" not in fields:
            fields["_csrf"] = token_in(self.page)
        headers = {
            "Accept": "text/html", "Origin": str(self.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin",
        }  # fmt: skip
        return await self.client.post(path, data=fields, headers={**headers, **more.pop("headers", {})}, **more)

    async def sign_in(self, email: str = "anna@example.org", password: str = PASSWORD, **more: str) -> httpx.Response:
        await self.get("/sign-in")
        return await self.post("/sign-in", {"email": email, "password": password, **more})

    @property
    def session(self) -> str:
        return self.client.cookies.get("askpro", "") or ""


@dataclass
class Portal:
    """The application with both brands in it."""

    app: Application
    stack: AsyncExitStack
    houses: dict[str, House]

    async def browser(self, slug: str = "nordstern", *, address: str = "203.0.113.9", scheme: str = "http") -> Browser:
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711), raise_app_exceptions=True)
        made = httpx.AsyncClient(
            transport=transport, base_url=f"{scheme}://{slug}.askpro.localhost:8000",
            headers={"Accept-Language": "de" if slug == "nordstern" else "en-GB"},
        )  # fmt: skip
        return Browser(await self.stack.enter_async_context(made))

    async def balance(self, slug: str = "nordstern", number: str = "C-1") -> int:
        house = self.houses[slug]
        wallet: UUID = house.customers[number].wallet_id
        async with db.unit(house.tenant.id):
            units: int = await db.fetchval(
                "select posted from ledger.wallet where tenant_id = $1 and id = $2", house.tenant.id, wallet
            )
        return units


@pytest.fixture
async def portal(empty_database: Any) -> AsyncIterator[Portal]:
    """The running application on a fresh database."""
    app = create_app(settings_for(empty_database, plugins=("sandbox",)))
    host: Host = app.litestar.state["host"]
    await migrate_plugins(empty_database.admin_dsn, host.migrations())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        await with_sandbox(host, empty_database.admin_dsn)
        yield Portal(app, stack, await furnish(host))
