"""The staff's rooms in Chromium: two brands and languages, light and dark, wide and narrow, with and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from browsing import Guest, Server, serving
from msgspec import structs
from playwright.sync_api import Browser, sync_playwright
from render_preview import CHROMIUM

from askpro import clock, db
from askpro.actor import Actor
from askpro.calls.book import Item, book
from askpro.calls.control.limits import Caps, set_caps
from askpro.calls.events import UsageEvent
from askpro.money import Money
from askpro.payments import disputes, inbox, providers, queries, refunds
from askpro.payments.autotopup import Draft, save
from askpro.payments.consent import Consent
from askpro.people.service import add_person
from askpro.pluginhost import Host
from askpro.sdk.payments import Dispute, DisputeState, EventKind, ProviderEvent
from askpro.tenancy.service import update_tenant
from askpro.wallets import funding
from askpro.wallets.adjustments import propose
from askpro.wallets.attachments import Attachment
from askpro.wallets.promo import grant
from askpro_sandbox.provider import open_book
from embedded import APP_PASSWORD
from portal_house import PASSWORD, House, credit
from web_site import OPERATOR

pytestmark = pytest.mark.browser

BRANDS = ("nordstern", "falke")
WINDOWS = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "phone-dark": {"viewport": {"width": 320, "height": 844}, "color_scheme": "dark"},
}


async def furnished(host: Host, houses: dict[str, House]) -> None:
    """Something in every room of both."""
    del host
    for house in houses.values():
        await _furnished(house)


async def _furnished(house: House) -> None:
    """Paid, paid back, disputed, adjusted, given, paused and broken."""
    tenant, currency = house.tenant, house.tenant.currency
    anna = house.customers["C-1"]

    def money(amount: str) -> Money:
        return Money.of(amount, currency)

    await add_person(tenant.id, "second@example.org", by=OPERATOR, role="reseller", name="Jana Lindqvist-Oberhuber",
                     password=PASSWORD)  # fmt: skip
    me = Actor("person", str(house.people["staff@example.org"].id))
    for amount, number in (("25", "C-2"), ("100", "C-1"), ("50", "C-2"), ("250", "C-1")):
        await credit(house, amount, number)
    orders = await queries.orders(tenant.id, limit=10)
    await refunds.begin(tenant, orders[0].id, money("40"), idempotency="1", reason="charged twice by mistake", by=me)
    attempt = await queries.attempt_of_order(tenant.id, orders[1].id)
    assert attempt is not None
    claim = Dispute(ref="dp_1N4k2LHZ0vQmN8", payment_ref=attempt.provider_ref, amount=orders[1].gross,
                    state=DisputeState.WITHDRAWN, fee=money("15"), reason="fraudulent",
                    answer_by=clock.now() + timedelta(days=6))  # fmt: skip
    await disputes.apply(tenant.id, attempt, claim, by=Actor.system("tests"))
    await propose(tenant, anna, money("412.5"), reason="a week without service in October, as agreed by telephone",
                  attachment=Attachment("letter.txt", b"Dear all"), idempotency="1", by=me)  # fmt: skip
    await propose(tenant, anna, money("5"), reason="a wrong number was charged", idempotency="2", by=me)
    end = clock.now() + timedelta(days=40)
    await grant(tenant, anna, money("10"), expires_at=end, reason="welcome", idempotency="1", by=me)
    await _rule(house, money)
    await _broken(house)
    await _limited(house, money)


async def _rule(house: House, money: Any) -> None:
    customer = house.customers["C-1"]
    provider = await providers.provider(house.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        card = (await book.add_method(str(customer.id), "decline")).public.ref
    draft = Draft(money("5"), "fixed", money("25"), money("100"), "sandbox", card)
    await save(house.tenant, customer, draft, consent=Consent("Charge me.", "1", "en"), by=OPERATOR)
    async with db.unit(house.tenant.id):
        await db.execute(
            "update payments.rule set state = 'paused', reason = 'declined', paused_at = now(), declines = 3"
            " where tenant_id = $1", house.tenant.id,
        )  # fmt: skip


async def _limited(house: House, money: Any) -> None:
    """Caps of which one is not reached, one warned of and one used up; and a reseller that pays in advance."""
    tenant, anna = house.tenant, house.customers["C-1"]
    caps = Caps(concurrent=3, longest=3600, day_soft=money("0.01").units, day_hard=money("9").units,
                week_hard=money("0.02").units, month_soft=money("200").units)  # fmt: skip
    await set_caps(tenant.id, "customer", anna.id, caps, by=OPERATOR)
    await set_caps(tenant.id, "reseller", "", Caps(concurrent=40, per_second=5, month_hard=money("2500").units),
                   by=OPERATOR)  # fmt: skip
    at = clock.now()
    await book([Item(tenant.id, tenant.timezone, UsageEvent(
        id="limited", customer=anna.number, direction="outbound", from_number="+4930111111", to_number="+4930222222",
        started_at=at, answered_at=at, ended_at=at + timedelta(seconds=40)), str(OPERATOR))])  # fmt: skip
    prepaid = structs.replace(tenant.settings, funding="prepaid")
    house.tenant = await update_tenant(tenant.id, by=OPERATOR, settings=prepaid)
    if tenant.slug == "falke":
        await funding.credit(house.tenant, money("1250"), reason="transfer of 1 March", key="1", by=OPERATOR)


async def _broken(house: House) -> None:
    """An event that nobody could process."""
    tenant = house.tenant.id
    event = ProviderEvent(id="evt_1", kind=EventKind.PAYMENT, occurred_at=clock.now(), key="k", type="payment.settled")
    identifier = await inbox.accept(tenant, "sandbox", event)
    async with db.unit(tenant):
        await db.execute(
            "update payments.inbox set dead_at = now(), last_error = 'TimeoutError: the provider did not answer'"
            " where tenant_id = $1 and id = $2", tenant, identifier,
        )  # fmt: skip


@pytest.fixture(scope="module")
def server(postgres: Any, template: str) -> Iterator[Server]:
    with serving(postgres, template, APP_PASSWORD, prepare=furnished) as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:  # after the server: Playwright's loop admits no other beside it
    del server
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


def first(guest: Guest, path: str, kind: str) -> str:
    """The first link to one of those things on a list."""
    guest.go(path)
    found = re.search(rf'href="(/staff/{kind}/[0-9a-f-]{{36}})"', guest.page.content())
    assert found, f"nothing on {path}"
    return found[1]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("slug", BRANDS)
def test_every_room(browser: Browser, server: Server, slug: str, window: str) -> None:
    """axe finds nothing, nothing sticks out sideways, nothing on the console; each room has its heading."""
    with Guest.at(browser, server, slug, name=window, **WINDOWS[window]) as guest:
        guest.sign_in("staff@example.org")
        customer = first(guest, "/staff/customers?q=C-1", "customers")
        payment = first(guest, "/staff/payments?q=C-1", "payments")
        rooms = {
            "start": "/staff",
            "payments": "/staff/payments?kind=settled",
            "payments-none": "/staff/payments?q=nobody",
            "payment": payment,
            "refund": f"{payment}/refund",
            "disputes": "/staff/disputes",
            "dispute": first(guest, "/staff/disputes", "disputes"),
            "customers": "/staff/customers",
            "customer": customer,
            "adjust": f"{customer}/adjust",
            "promo": f"{customer}/promo",
            "customer-limits": f"{customer}/limits",
            "limits": "/staff/limits",
            "adjustments": "/staff/adjustments?view=all",
            "adjustment": first(guest, "/staff/adjustments", "adjustments"),
            "providers": "/staff/providers",
            "provider": "/staff/providers/sandbox?check=1",
            "events": "/staff/providers/sandbox/events",
            "settings": "/settings",
        }
        for name, path in rooms.items():
            guest.go(path)
            assert guest.page.locator("h1").count() == 1
            guest.look(f"staff-{name}")


@pytest.mark.parametrize("slug", BRANDS)
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_check_pages(browser: Browser, server: Server, slug: str, script: bool) -> None:
    """Adjustment, bonus and refund up to their check pages, with errors on the way; all without a line of script."""
    name = "script" if script else "plain"
    with Guest.at(browser, server, slug, script=script, name=name) as guest:
        guest.sign_in("staff@example.org")
        customer = first(guest, "/staff/customers?q=C-1", "customers")
        payment = first(guest, "/staff/payments?q=C-1", "payments")
        guest.faults.clear()
        guest.go(f"{customer}/adjust")
        guest.page.locator("input[value=credit]").check()
        guest.page.locator("#f-amount").fill("300")
        guest.page.locator("#f-reason").fill("goodwill")
        guest.page.locator("form.card button").first.click()
        guest.look("staff-adjust-check")
        guest.page.locator("button[name=change]").click()
        assert guest.page.locator("#f-amount").input_value() == "300"
        guest.go(f"{customer}/promo")
        guest.page.locator("#f-amount").fill("7")
        guest.page.locator("#f-reason").fill("welcome back")
        guest.page.locator("form.card button").first.click()
        guest.look("staff-promo-check")
        guest.go(f"{payment}/refund")
        guest.page.locator("input[value=part]").check()
        guest.page.locator("#f-amount").fill("12")
        guest.page.locator("#f-reason").fill("asked for")
        guest.page.locator("form.card button").first.click()
        guest.look("staff-refund-check")
        assert guest.page.locator("form.card .pair-strong").count() == 1


def test_errors_are_seen(browser: Browser, server: Server) -> None:
    """An empty form comes back with a summary and with the words at each field."""
    with Guest.at(browser, server, "falke", name="errors") as guest:
        guest.sign_in("staff@example.org")
        customer = first(guest, "/staff/customers?q=C-1", "customers")
        guest.go(f"{customer}/adjust")
        guest.page.locator("form.card button").first.click()
        assert guest.page.locator(".faults").is_visible()
        assert guest.page.locator(".faults li").count() == 3
        guest.look("staff-adjust-errors")
        guest.faults[:] = [said for said in guest.faults if "422" not in said]  # which is what is wanted here


def test_limits_are_typed_in(browser: Browser, server: Server) -> None:
    """What is wrong comes back with its words at its field; what is right is saved; all without script."""
    with Guest.at(browser, server, "nordstern", script=False, name="typed") as guest:
        guest.sign_in("staff@example.org")
        customer = first(guest, "/staff/customers?q=C-2", "customers")
        guest.go(f"{customer}/limits")
        guest.page.locator("#f-concurrent").fill("many")
        guest.page.locator("#f-day_soft").fill("20")
        guest.page.locator("#f-day_hard").fill("10")
        guest.page.locator("form.card button").first.click()
        assert guest.page.locator(".faults li").count() == 2
        assert guest.page.locator("#f-concurrent").input_value() == "many"
        guest.look("staff-limits-errors")
        guest.page.locator("#f-concurrent").fill("4")
        guest.page.locator("#f-day_hard").fill("30")
        guest.page.locator("form.card button").first.click()
        assert guest.page.locator("meter").count() == 2
        guest.faults[:] = [said for said in guest.faults if "422" not in said]  # which is what is wanted here


def test_the_menu_opens_without_script(browser: Browser, server: Server) -> None:
    """The rooms behind "More" at full width, all of them on a phone, with JavaScript off."""
    with Guest.at(browser, server, "falke", script=False) as guest:
        guest.sign_in("staff@example.org")
        assert not guest.page.locator(".more a").first.is_visible()
        guest.page.locator(".more summary").click()
        assert guest.page.locator(".more a:visible").count() == 2
        guest.page.set_viewport_size({"width": 390, "height": 844})
        guest.page.locator("details.menu summary").click()
        assert guest.page.locator(".menu-sheet nav:first-child a:visible").count() == 8
