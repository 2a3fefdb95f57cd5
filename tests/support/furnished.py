"""Two resellers with something in every table, and the doors through which each can be reached."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import httpx

from askpro import clock, db
from askpro.app import create_app
from askpro.calls.control.limits import Caps, set_caps
from askpro.commissions.service import publish_scheme
from askpro.events.outbox import emit
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import bank_payouts, disputes, endpoints, providers, queries, refunds
from askpro.payments.autotopup import Consent, Draft, save
from askpro.people import keys
from askpro.people.customers import set_plan
from askpro.pluginhost import migrate_plugins
from askpro.sdk.payments import Dispute, DisputeState, Outcome, PayoutResult
from askpro.tariffs.card import Level
from askpro.tariffs.service import create_plan, publish_version
from askpro.tenancy.service import set_domains
from askpro.wallets.adjustments import propose
from askpro.wallets.attachments import Attachment
from askpro.wallets.promo import grant
from askpro.wallets.service import set_notices
from askpro_sandbox.provider import open_book
from paying import with_sandbox
from portal_house import Browser, House, Portal, furnish, ring
from support.digests import some_row, tenant_tables
from web_site import BEGINNING, OPERATOR, event, running, settings_for

__all__ = ("MINE", "THEIRS", "Furnished", "furnished")

MINE, THEIRS = "nordstern", "falke"
"""Who asks, and whose things are asked for."""


@dataclass
class Furnished:
    """The running application; ``key`` and ``narrow`` are a reseller's API keys, all scopes and the wrong one."""

    portal: Portal
    admin: Any
    key: dict[str, str] = field(default_factory=dict)
    narrow: dict[str, str] = field(default_factory=dict)
    people: dict[tuple[str, str], Browser] = field(default_factory=dict)

    def house(self, slug: str) -> House:
        return self.portal.houses[slug]

    async def client(self, slug: str, **headers: str) -> httpx.AsyncClient:
        """Without a session, on that reseller's host."""
        browser = await self.portal.browser(slug)
        browser.client.headers.update(headers)
        return browser.client


@asynccontextmanager
async def furnished(database: Any) -> AsyncIterator[Furnished]:
    """Everything is made through the services and pages, but for what no service makes yet."""
    app = create_app(settings_for(database, plugins=("sandbox",)))
    host = app.litestar.state["host"]
    await migrate_plugins(database.admin_dsn, host.migrations())
    async with AsyncExitStack() as stack:
        admin = await asyncpg.connect(database.admin_dsn)
        stack.push_async_callback(admin.close)
        await stack.enter_async_context(running(app))
        await with_sandbox(host, database.admin_dsn)
        made = Furnished(Portal(app, stack, await furnish(host)), admin)
        for slug in (MINE, THEIRS):
            await _move_in(made, slug)
        yield made


async def _move_in(made: Furnished, slug: str) -> None:
    house = made.house(slug)
    tenant = house.tenant.id
    for number in house.customers:
        await ring(house, number, days=1)
        await set_notices(tenant, house.customers[number].wallet_id, thresholds=[1_000_000])
    await _by_staff(house)
    await _by_rule(house)
    plan = await create_plan(tenant, "gold", "Gold", by=OPERATOR)
    await publish_version(
        tenant, Level.PLAN, plan.id, house.tenant.currency, BEGINNING, {"inbound": "0.05"}, by=OPERATOR
    )
    await set_plan(tenant, house.customers["C-2"].id, plan.id, by=OPERATOR)
    await publish_scheme(tenant, "percent", Decimal(10), BEGINNING, by=OPERATOR)
    await set_caps(tenant, "customer", house.customers["C-1"].id, Caps(day_soft=1_000_000), by=OPERATOR)
    await set_caps(tenant, "reseller", "", Caps(concurrent=100, month_hard=10**12), by=OPERATOR)
    await set_caps(tenant, "number", "+4930222", Caps(concurrent=10), by=OPERATOR)
    await set_domains(tenant, [f"phone.{slug}.example"], by=OPERATOR)
    await endpoints.ensure(tenant, "sandbox")
    async with db.unit(tenant):
        await emit("test.happened", {"what": "nothing"}, tenant=tenant)
    made.key[slug], _ = await keys.create(tenant, "full", ["*"], by=OPERATOR)
    made.narrow[slug], _ = await keys.create(tenant, "narrow", ["topups:write"], by=OPERATOR)
    api = await made.client(slug, Authorization=f"Bearer {made.key[slug]}")
    refused = await api.post("/api/v2/usage", json={"events": [event("odd", to_number="+81312345678")]})
    assert refused.json()["results"][0]["reason"] == "rate_missing"
    taken = await api.post(
        "/api/v2/customers", json={"number": "N-1", "name": "New"}, headers={"Idempotency-Key": "once"}
    )
    assert taken.status_code == 201, taken.text
    for email in ("anna@example.org", "ben@example.org", "staff@example.org"):
        made.people[slug, email] = browser = await made.portal.browser(slug)
        assert (await browser.sign_in(email)).status_code == 303
        if not email.startswith("staff"):
            await _top_up(browser, "succeed")
            await _top_up(browser, "")  # left open
    await _by_the_bank(house)
    await _by_hand(made.admin, tenant, house)


async def _by_the_bank(house: House) -> None:
    """A paid top-up of which a coin went back, and about which a bank asks."""
    tenant = house.tenant.id
    order = (await queries.orders(tenant, states=("settled",), limit=1))[0]
    coin = Money.of("1", house.tenant.currency)
    await refunds.begin(house.tenant, order.id, coin, idempotency="1", reason="a coin", by=OPERATOR)
    attempt = await queries.attempt_of_order(tenant, order.id)
    assert attempt is not None
    asked = Dispute(ref="dp_1", payment_ref=attempt.provider_ref, amount=order.gross, state=DisputeState.OPEN)
    await disputes.apply(tenant, attempt, asked, by=OPERATOR)
    back = PayoutResult(key="", outcome=Outcome.DECLINED, provider_ref="po_1", amount=coin, code="account_closed")
    await bank_payouts.apply(tenant, "sandbox", "po_1", back, live=False)


async def _by_staff(house: House) -> None:
    """Goodwill, and a booking by hand with a paper that nobody has approved yet."""
    customer, currency = house.customers["C-1"], house.tenant.currency
    end = clock.now() + timedelta(days=30)
    await grant(
        house.tenant, customer, Money.of("2", currency), expires_at=end, reason="welcome", idempotency="1", by=OPERATOR
    )
    await propose(
        house.tenant, customer, Money.of("400", currency), reason="a large mistake of ours",
        attachment=Attachment("letter.txt", b"Dear all"), idempotency="1", by=OPERATOR,
    )  # fmt: skip


async def _by_rule(house: House) -> None:
    """A saved card, and what its owner has agreed to."""
    customer, currency = house.customers["C-1"], house.tenant.currency
    provider = await providers.provider(house.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        card = (await book.add_method(str(customer.id), "succeed")).public.ref
    draft = Draft(
        Money.of("5", currency), "fixed", Money.of("25", currency), Money.of("100", currency), "sandbox", card
    )
    await save(house.tenant, customer, draft, consent=Consent("Charge me.", "1", "en"), by=OPERATOR)


async def _top_up(browser: Browser, choice: str) -> None:
    await browser.get("/topup")
    checked = await browser.post("/topup/review", {"amount": "50.00", "method": "sandbox"})
    page = (await browser.get(checked.headers["location"])).text
    answer = await browser.post(
        "/topup/pay", dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    )
    checkout = answer.headers["location"]
    await browser.get(checkout)
    if choice:
        paid = await browser.post(checkout, {"choice": choice})
        await browser.get(paid.headers["location"])


async def _by_hand(admin: Any, tenant: Any, house: House) -> None:
    """Rows that come about by night, or that no page makes yet."""
    await admin.execute("insert into ledger.root values ($1, $2, 0, 'root', 'previous')", tenant, date(2026, 3, 1))
    payment = await admin.fetchval("select id from plug_sandbox.payment where tenant_id = $1 limit 1", tenant)
    await admin.execute(
        "insert into plug_sandbox.refund values ($1, $2, 'r-1', $3, 1, now())", tenant, new_id(), payment
    )
    for table, key in (await tenant_tables(admin)).items():
        if not await admin.fetchval(f"select exists (select from {table} where {key} = $1)", tenant):
            await some_row(admin, table, key, tenant)
