"""A bank transfer from order to credit, in the running application: portal, plugin, statement, ledger."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from banktransfer_house import SETTINGS

from askpro import db
from askpro.app import create_app
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import queries, settle
from askpro.payments.model import Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.pluginhost import Host, migrate_plugins
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from portal_house import Browser, Portal, furnish, token_in
from support.camt import Line, camt053
from web_site import OPERATOR, running, settings_for

pytestmark = pytest.mark.anyio


@pytest.fixture
async def portal(empty_database: Any) -> AsyncIterator[Portal]:
    """Both brands; bank transfers are enabled at Nordstern and (in pounds) at Falke."""
    app = create_app(settings_for(empty_database, plugins=("sandbox", "banktransfer")))
    host: Host = app.litestar.state["host"]
    await migrate_plugins(empty_database.admin_dsn, host.migrations())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        await host.start()
        houses = await furnish(host)
        await offer(host, "banktransfer", by="tests")
        for slug, changes in (("nordstern", {}), ("falke", {"currency": "GBP"})):
            ref = TenantRef(houses[slug].tenant.id, slug)
            await save_settings(host, ref, "banktransfer", {**SETTINGS, **changes}, by="tests")
            await enable(host, ref, "banktransfer", by="tests")
        yield Portal(app, stack, houses)


@dataclass
class Ordered:
    """An order, and what its page tells the customer."""

    order: Order
    page: str
    reference: str


async def _ordered(portal: Portal, browser: Browser, net: str = "50", number: str = "C-1") -> Ordered:
    house = portal.houses["nordstern"]
    customer = house.customers[number]
    order = await create_order(
        house.tenant, customer, Money.of(net, "EUR"), "banktransfer", idempotency=str(new_id()), by=OPERATOR
    )
    order, url = await begin_checkout(
        house.tenant, customer, order.id, by=OPERATOR, description="", return_url=f"/topup/{order.id}",
        cancel_url=f"/topup/{order.id}", locale="de",
    )  # fmt: skip
    assert url.startswith("/x/banktransfer/pay/")
    answer = await browser.get(url)
    assert answer.status_code == 200
    reference = re.search(r"RF\d\d [0-9A-Z]{4} [0-9A-Z]{4}", answer.text)
    assert reference
    return Ordered(order, url, reference[0])


async def _state(portal: Portal, ordered: Ordered) -> str:
    order = await queries.order(portal.houses["nordstern"].tenant.id, ordered.order.id)
    return order.state


async def _upload(staff: Browser, data: bytes, name: str = "auszug.xml") -> httpx.Response:
    await staff.get("/x/banktransfer/statements")
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    answer = await staff.client.post(
        "/x/banktransfer/statements",
        data={"_csrf": token_in(staff.page)},
        files={"statement": (name, data, "text/xml")},
        headers=headers,
    )
    if answer.status_code == 303:
        return await staff.get(answer.headers["location"])
    return answer


@pytest.fixture
async def customer(portal: Portal) -> Browser:
    browser = await portal.browser()
    await browser.sign_in()
    return browser


@pytest.fixture
async def staff(portal: Portal) -> Browser:
    browser = await portal.browser(address="203.0.113.10")
    await browser.sign_in("staff@example.org")
    return browser


async def test_from_order_to_credit(portal: Portal, customer: Browser, staff: Browser) -> None:
    """The page names amount and reference, the statement settles the order, the credit is booked once."""
    ordered = await _ordered(portal, customer)
    assert "59,50" in customer.page
    assert "DE89 3704 0044 0532 0130 00" in customer.page
    assert "<svg" in customer.page
    answer = await customer.post(ordered.page, {"choice": "ordered"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/topup/{ordered.order.id}")
    assert await _state(portal, ordered) == "pending"
    assert await portal.balance() == 0
    data = camt053([Line("59.50", text=f"Guthaben\n{ordered.reference.lower()}", bank_ref="B-1")])
    for _ in range(2):
        assert (await _upload(staff, data)).status_code == 200
        assert await _state(portal, ordered) == "settled"
        assert await portal.balance() == Money.of(50, "EUR").units
    assert "schon einmal hochgeladen" in staff.page
    repeated = camt053([Line("59.50", text=f"Guthaben\n{ordered.reference.lower()}", bank_ref="B-1")], number="S-2")
    assert "1 schon bekannt" in (await _upload(staff, repeated)).text
    assert await portal.balance() == Money.of(50, "EUR").units
    assert "eingegangen" in (await customer.get(ordered.page)).text


async def test_a_wrong_amount_is_queued_and_then_completed(portal: Portal, customer: Browser, staff: Browser) -> None:
    """Too little is credited to nobody, waits with its reason, and pays the order once the rest is assigned as well."""
    ordered = await _ordered(portal, customer)
    lines = [Line("50.00", text=ordered.reference, bank_ref="B-1"), Line("9.50", text="Rest", bank_ref="B-2")]
    assert "2 zu prüfen" in (await _upload(staff, camt053(lines))).text
    assert await portal.balance() == 0
    assert "noch einmal" in (await customer.get(f"/topup/{ordered.order.id}")).text  # please do not pay again
    queue = (await staff.get("/x/banktransfer/queue")).text
    assert "Anderer Betrag als bestellt" in queue
    payments = re.findall(r'href="(/x/banktransfer/queue/[0-9a-f-]{36})"', queue)
    assert len(set(payments)) == 2
    for path in dict.fromkeys(payments):
        await staff.get(path)
        answer = await staff.post(f"{path}/assign", {"words": ordered.reference})
        assert answer.status_code == 303, answer.text
    assert "gutgeschrieben" in (await staff.get(answer.headers["location"])).text
    assert await _state(portal, ordered) == "settled"
    assert await portal.balance() == Money.of(50, "EUR").units
    assert (
        await staff.post(f"{path}/undo", {"_csrf": token_in((await staff.get("/settings")).text)})
    ).status_code == 422


async def test_late_money_after_expiry(portal: Portal, customer: Browser, staff: Browser) -> None:
    """An order that has run out is credited all the same when its money comes."""
    ordered = await _ordered(portal, customer)
    tenant = portal.houses["nordstern"].tenant.id
    async with db.unit(tenant):
        await db.execute("update plug_banktransfer.transfer set expires_at = created_at where tenant_id = $1", tenant)
    attempt = await queries.attempt_of_order(tenant, ordered.order.id)
    assert attempt is not None
    order = await settle.refresh(tenant, attempt.id, by=OPERATOR)
    assert (order.state, order.reason) == ("expired", "expired")
    await _upload(staff, camt053([Line("59.50", text=ordered.reference)]))
    assert await _state(portal, ordered) == "settled"
    assert await portal.balance() == Money.of(50, "EUR").units


async def test_another_house_cannot_credit_ours(portal: Portal, customer: Browser) -> None:
    """A statement that another brand's staff upload pays none of our orders, and its pages show nothing of ours."""
    ordered = await _ordered(portal, customer)
    falke = await portal.browser("falke", address="203.0.113.11")
    await falke.sign_in("staff@example.org")
    line = Line("59.50", text=ordered.reference, currency="GBP")
    assert "1 to review" in (await _upload(falke, camt053([line], currency="GBP"))).text
    assert await _state(portal, ordered) == "new"
    assert await portal.balance() == 0
    assert (await falke.get(ordered.page)).status_code in (403, 404)
    queue = (await falke.get("/x/banktransfer/queue")).text
    path = re.findall(r'href="(/x/banktransfer/queue/[0-9a-f-]{36})"', queue)[0]
    await falke.get(path)
    answer = await falke.post(f"{path}/assign", {"words": ordered.reference})
    assert answer.status_code == 422
    assert "no bank transfer with this number" in answer.text


async def test_another_customer_sees_and_decides_nothing(portal: Portal, customer: Browser) -> None:
    """Whoever has the address of somebody else's page neither reads it nor cancels the transfer."""
    ordered = await _ordered(portal, customer)
    ben = await portal.browser(address="203.0.113.13")
    assert (await ben.sign_in("ben@example.org")).status_code == 303
    assert (await ben.get(ordered.page)).status_code == 404
    await ben.get((await _ordered(portal, ben, number="C-2")).page)
    assert (await ben.post(ordered.page, {"choice": "cancel"})).status_code == 404
    assert (await customer.post(ordered.page, {"choice": "ordered"})).status_code == 303


async def test_only_staff_see_statements(portal: Portal, customer: Browser) -> None:
    """A customer is let into none of the staff's pages, nor is a stranger."""
    stranger = await portal.browser(address="203.0.113.12")
    for path in ("statements", "queue", "queue.csv", f"queue/{new_id()}"):
        assert (await customer.get(f"/x/banktransfer/{path}")).status_code == 403
        assert (await stranger.get(f"/x/banktransfer/{path}")).status_code == 303


async def test_what_is_no_statement_is_refused(portal: Portal, staff: Browser) -> None:
    """No file, another file and a file that is too large are refused in words; nothing is stored."""
    answer = await _upload(staff, b"date;amount\n", "umsatz.csv")
    assert (answer.status_code, "keine XML-Datei" in answer.text) == (422, True)
    await staff.get("/x/banktransfer/statements")
    assert (await staff.post("/x/banktransfer/statements", {})).status_code in (400, 422)
    assert (await _upload(staff, b"<" * 13_000_000)).status_code == 413
    async with db.unit(portal.houses["nordstern"].tenant.id):
        assert await db.fetchval("select count(*) from plug_banktransfer.upload") == 0


async def test_the_queue_as_csv(portal: Portal, staff: Browser) -> None:
    """Amounts as the reader's spreadsheet reads them; a payer's words never become a formula."""
    await _upload(staff, camt053([Line("12.50", text="=cmd()", name="@evil", bank_ref="B-9")]))
    answer = await staff.get("/x/banktransfer/queue.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    row = answer.content.decode("utf-8-sig").splitlines()[1].split(";")
    assert row == ["2026-03-02", "12,500000", "EUR", "'@evil", "DE02120300000000202051", "'=cmd()", "B-9", "unknown"]
    await staff.get("/x/banktransfer/queue?reason=unknown")
    assert (await staff.post("/x/banktransfer/queue", {"note": "rents"})).status_code == 303
    assert "Nichts zu prüfen" in (await staff.get("/x/banktransfer/queue")).text


async def test_cancelling_leads_back(portal: Portal, customer: Browser) -> None:
    """The customer may change his mind; the order says so, and the page offers no account any more."""
    ordered = await _ordered(portal, customer)
    answer = await customer.post(ordered.page, {"choice": "cancel"})
    assert answer.status_code == 303
    assert await _state(portal, ordered) == "declined"
    assert "DE89 3704" not in (await customer.get(ordered.page)).text
