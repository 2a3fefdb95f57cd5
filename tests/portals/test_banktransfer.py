"""Bank transfers in Chromium: the customer's page with its code, the staff's statements and queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from browsing import Guest, Server, serving
from playwright.sync_api import Browser, expect, sync_playwright
from render_preview import CHROMIUM

from askpro.pluginhost import Host
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from embedded import APP_PASSWORD
from portal_house import House
from support.camt import ACCOUNT, Line, camt053

pytestmark = pytest.mark.browser

LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("light", {}),
    ("dark", {"color_scheme": "dark"}),
    ("mobile", {"viewport": {"width": 390, "height": 844}}),
)


async def _furnish(host: Host, houses: dict[str, House]) -> None:
    await offer(host, "banktransfer", by="tests")
    for slug, currency in (("nordstern", "EUR"), ("falke", "GBP")):
        ref = TenantRef(houses[slug].tenant.id, slug)
        account = {"iban": ACCOUNT, "holder": houses[slug].tenant.name, "currency": currency, "code": True}
        await save_settings(host, ref, "banktransfer", account, by="tests")
        await enable(host, ref, "banktransfer", by="tests")


@pytest.fixture(scope="module")
def server(postgres: Any, template: str) -> Iterator[Server]:
    with serving(postgres, template, APP_PASSWORD, plugins=("sandbox", "banktransfer"), prepare=_furnish) as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:  # after the server: Playwright's loop admits no other beside it
    del server
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


def _ordered(guest: Guest) -> str:
    """By the portal to the plugin's page; the reference it shows."""
    guest.sign_in()
    guest.go("/topup")
    guest.page.locator("input[name=amount][value='50.00']").check(force=True)
    guest.page.locator("input[name=method][value=banktransfer]").check(force=True)
    guest.press("Weiter zur Prüfung", "Continue to check")
    guest.press("59,50 € zahlungspflichtig aufladen", "Pay £60.00 now")
    expect(guest.page).to_have_url(re.compile("/x/banktransfer/pay/"))
    found = re.search(r"RF\d\d [0-9A-Z]{4} [0-9A-Z]{4}", guest.read())
    assert found
    return found[0]


def _upload(guest: Guest, folder: Path, *lines: Line) -> None:
    """A statement with these lines, by the staff's page."""
    currency = "EUR" if guest.slug == "nordstern" else "GBP"
    number = f"S-{datetime.now(UTC).timestamp()}"
    file = folder / f"auszug-{number}.xml"
    file.write_bytes(camt053(lines, currency=currency, number=number))
    guest.go("/x/banktransfer/statements")
    guest.page.locator("input[type=file]").set_input_files(file)
    guest.press("Hochladen", "Upload")


@pytest.mark.parametrize("slug", ["nordstern", "falke"])
def test_the_page(browser: Browser, server: Server, slug: str) -> None:
    """Account, amount, reference and (for euros) the code; clean in light, dark, on a phone and without script."""
    for name, options in LOOKS:
        with Guest.at(browser, server, slug, name=name, **options) as guest:
            _ordered(guest)
            guest.look("transfer")
            assert guest.page.locator("svg.segno").count() == (1 if slug == "nordstern" else 0)
            if name == "mobile":
                guest.press("Abbrechen", "Cancel")
                assert guest.page.url.count("/topup/") == 1
    with Guest.at(browser, server, slug, name="plain", script=False) as guest:
        _ordered(guest)
        guest.press("Ich habe die Überweisung beauftragt", "I have ordered the transfer")
        expect(guest.page).to_have_url(re.compile("/topup/"))
        guest.look("transfer-pending")


def test_statements_and_queue(browser: Browser, server: Server, tmp_path: Path) -> None:
    """Upload, credit, review, assign: every page of the staff is clean, empty and filled."""
    with Guest.at(browser, server, "nordstern") as customer:
        paid, short = _ordered(customer), _ordered(customer)
    with Guest.at(browser, server, "nordstern", name="empty") as staff:
        staff.sign_in("staff@example.org")
        staff.go("/x/banktransfer/statements")
        staff.look("statements-empty")
        staff.go("/x/banktransfer/queue")
        staff.look("queue-empty")
        _upload(
            staff,
            tmp_path,
            Line("59.50", text=paid, name="Anna Wagner-Rösch", bank_ref="2026030211223344"),
            Line("49.50", text=f"Aufladung {short}", name="Anna Wagner-Rösch", bank_ref="2026030211223345"),
            Line("59.50", text="Guthaben aufladen, Kundennummer C-2", name="Praxis C-2", bank_ref="2026030211223346"),
            Line("120.00", text="Miete März", name="Hausverwaltung Kessler & Söhne GmbH & Co. KG"),
            Line("5.90", credit=False, text="Kontoführung", name=""),
        )
        assert "1 gutgeschrieben, 3 zu prüfen" in staff.read()
    for name, options in LOOKS:
        with Guest.at(browser, server, "nordstern", name=name, **options) as staff:
            staff.sign_in("staff@example.org")
            staff.go("/x/banktransfer/statements")
            staff.look("statements")
            staff.go("/x/banktransfer/queue")
            staff.look("queue")
            staff.page.get_by_role("link", name="Praxis C-2").click()
            staff.look("payment-fits")
            staff.go("/x/banktransfer/queue?reason=wrong_amount")
            staff.page.get_by_role("link", name="Anna Wagner-Rösch").click()
            staff.look("payment-short")
            staff.go("/x/banktransfer/queue?reason=unknown")
            staff.look("queue-unknown")
    with Guest.at(browser, server, "nordstern", name="acts", script=False) as staff:
        staff.sign_in("staff@example.org")
        staff.go("/x/banktransfer/queue?reason=wrong_amount")
        staff.page.get_by_role("link", name="Anna Wagner-Rösch").click()
        staff.page.locator("#f-words").fill(short.lower())
        staff.press("Diesem Auftrag zuordnen", "Assign to this order")
        assert "10,00 €" in staff.read()
        staff.look("payment-assigned")
        _upload(staff, tmp_path, Line("10.00", text=short))
        assert "1 gutgeschrieben, 0 zu prüfen" in staff.read()
        staff.go("/x/banktransfer/queue?show=decided")
        staff.look("decided")
