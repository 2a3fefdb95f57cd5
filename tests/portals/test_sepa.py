"""Direct debit in Chromium: the mandate page, the customer's list and the staff's rooms, in every look."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from browsing import Guest, Server, serving
from playwright.sync_api import Browser, expect, sync_playwright
from render_preview import CHROMIUM

from askpro.money import Money
from askpro.payments import methods
from askpro.payments.charges import Source
from askpro.payments.consent import Consent
from askpro.pluginhost import Host
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro_sepa import bank, debits, exporting, setups
from askpro_sepa.agreeing import give, read_account
from askpro_sepa.settings import settings_of
from askpro_sepa.store import open_book
from askpro_sepa.wording import mandate_wording
from embedded import APP_PASSWORD
from paying import debited
from portal_house import House
from web_site import OPERATOR

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins"))

from sepa_bench import SETTINGS, camt, entry, pain002

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "mobile": {"viewport": {"width": 390, "height": 844}},
    "narrow-dark": {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}


async def _furnished(host: Host, houses: dict[str, House]) -> None:
    """At the German house: mandates, a file that the bank has decided on, one that is open, and a queue."""
    await offer(host, "sepa", by="tests")
    house = houses["nordstern"]
    tenant, ref = house.tenant, TenantRef(house.tenant.id, house.tenant.slug)
    version = await save_settings(host, ref, "sepa", SETTINGS, by="tests")
    await enable(host, ref, "sepa", by="tests")
    ctx = await host.contexts.for_tenant(host.records["sepa"], ref, version, actor="staff:1")
    for number, name, iban in (
        ("C-1", "Anna Wagner-Rösch", "DE89370400440532013000"),
        ("C-2", "Praxis Dr. Groß & Söhne", "AT611904300234573201"),
    ):
        customer = house.customers[number]
        url = await methods.begin_setup(
            tenant, customer, "sepa", consent=Consent("Automatisch aufladen.", "1", "de"), by=OPERATOR, return_url="/",
            cancel_url="/", locale="de",
        )  # fmt: skip
        async with open_book(ctx) as book:
            page = await setups.by_id(book, UUID(url.rsplit("/", 1)[1]))
            assert page is not None
            settings = settings_of(ctx)
            wording = mandate_wording(settings, page.mandate_ref, "de", single=False, consent=page.consent)
            await give(
                book, settings, read_account(name, iban), wording, ref=page.mandate_ref, customer=str(customer.id),
                locale="de", address="203.0.113.9", single=False,
            )  # fmt: skip

    async def charge(number: str, amount: str) -> None:
        customer = house.customers[number]
        (view,) = [one for one in await methods.of_customer(tenant, customer, locale="de") if one.provider == "sepa"]
        source = Source("sepa", view.method.ref, view.method.label, view.method.mandate)
        await debited(tenant, customer, Money.of(amount, "EUR"), source)

    for number, amount in (("C-1", "25"), ("C-1", "50"), ("C-2", "100")):
        await charge(number, amount)
    file = (await exporting.export(ctx)).file
    assert file is not None
    async with open_book(ctx) as book:
        inside = await debits.of_file(book, file.id)
    first, second, third = inside
    await bank.read_file(
        ctx, "kontoauszug-47.xml", camt([entry(one.amount, one.end_to_end) for one in (first, second)])
    )
    await bank.read_file(ctx, "status.xml", pain002([(third.end_to_end, "RJCT", "AM04")], message=file.message_id))
    back = [
        entry(first.amount, first.end_to_end, credit=False, reason="MD06"),
        entry(second.amount, "APX", credit=False),
    ]
    await bank.read_file(ctx, "kontoauszug-48.xml", camt(back))
    await charge("C-1", "10")
    assert (await exporting.export(ctx)).file is not None
    for number, amount in (("C-1", "25"), ("C-2", "75")):
        await charge(number, amount)


@pytest.fixture(scope="module")
def server(postgres: Any, template: str) -> Iterator[Server]:
    with serving(postgres, template, APP_PASSWORD, plugins=("sandbox", "sepa"), prepare=_furnished) as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:  # after the server: Playwright's loop admits no other beside it
    del server
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


def to_consent(guest: Guest) -> None:
    """Choose 50 and direct debit, check, go on: on the mandate's page."""
    guest.sign_in("ben@example.org")
    guest.go("/topup?amount=50.00&method=sepa")
    guest.page.locator("input[name=amount][value='50.00']").check(force=True)
    guest.page.locator("input[name=method][value=sepa]").check(force=True)
    guest.press("Weiter zur Prüfung", "Continue to check")
    guest.press("59,50 € zahlungspflichtig aufladen", "Pay")
    expect(guest.page).to_have_url(re.compile("/x/sepa/checkout/"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_customer_pays_by_direct_debit(browser: Browser, server: Server, script: bool) -> None:
    """A wrong IBAN is said at the field, the right one makes the payment pending, and the list announces it."""
    with Guest.at(browser, server, "nordstern", script=script) as guest:
        to_consent(guest)
        guest.page.locator("#f-name").fill("Ben Öztürk")
        guest.page.locator("#f-iban").fill("DE89370400440532013000")
        guest.page.locator("#f-consent").check()
        guest.press("Mandat erteilen und 59,50 € zahlen", "")
        guest.go("/x/sepa/mine")
        said = guest.read()
        assert "Angekündigte Einzüge" in said
        assert "59,50 €" in said


@pytest.mark.parametrize("look", LOOKS)
def test_the_customers_pages(browser: Browser, server: Server, look: str) -> None:
    """The mandate's page, the same with an error, the list, one mandate."""
    with Guest.at(browser, server, "nordstern", name=look, **LOOKS[look]) as guest:
        to_consent(guest)
        guest.look("sepa-consent")
        here = guest.page.url
        guest.page.locator("#f-name").fill("Ben Öztürk")
        guest.page.locator("#f-iban").fill("DE89370400440532013001")
        guest.page.locator("#f-consent").check()
        guest.press("Mandat erteilen und 59,50 € zahlen", "")
        assert "Das ist keine gültige IBAN." in guest.read()
        guest.look("sepa-consent-wrong")
        guest.faults[:] = [one for one in guest.faults if here not in one and "422" not in one]
        guest.go("/x/sepa/mine")
        guest.look("sepa-mine")
        guest.page.locator("a[href^='/x/sepa/mine/']").first.click()
        assert "acht Wochen" in guest.read()
        guest.look("sepa-mandate")


@pytest.mark.parametrize("look", LOOKS)
def test_the_staffs_pages(browser: Browser, server: Server, look: str) -> None:
    """Queue and files, one file, what a statement did, collections, returns, the register, one mandate."""
    with Guest.at(browser, server, "nordstern", name=look, **LOOKS[look]) as guest:
        guest.sign_in("staff@example.org")
        for path, name in (
            ("", "queue"),
            ("/collections", "collections"),
            ("/returns", "returns"),
            ("/mandates", "register"),
        ):
            guest.go(f"/x/sepa/staff{path}")
            guest.look(f"sepa-staff-{name}")
        guest.page.locator("a[href^='/x/sepa/staff/mandates/']").first.click()
        guest.look("sepa-staff-mandate")
        for kind in ("files", "uploads"):
            guest.go("/x/sepa/staff")
            guest.page.locator(f"a[href^='/x/sepa/staff/{kind}/']").first.click()
            guest.look(f"sepa-staff-{kind}")
