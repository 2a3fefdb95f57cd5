"""The portal in Chromium: topping up from beginning to end, with and without JavaScript, in two brands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Guest, Server, serving
from playwright.sync_api import Browser, expect, sync_playwright
from render_preview import CHROMIUM

from embedded import APP_PASSWORD

pytestmark = pytest.mark.browser

BRANDS = ("nordstern", "falke")
PRICES = {"nordstern": ("50,00 €", "59,50 €"), "falke": ("£50.00", "£60.00")}
CREDITED = {
    "nordstern": "50,00 € wurden Ihrem Guthaben gutgeschrieben.",
    "falke": "£50.00 has been added to your credit.",
}


@pytest.fixture(scope="module")
def server(postgres: Any, template: str) -> Iterator[Server]:
    with serving(postgres, template, APP_PASSWORD) as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:  # after the server: Playwright's loop admits no other beside it
    del server
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


def to_checkout(guest: Guest, *, look: bool = False) -> None:
    """Sign in, choose 50 on the overview, check, press the button: on the provider's page."""
    guest.sign_in()
    if look:
        guest.look("overview")
    guest.page.locator("input[name=amount][value='50.00']").check(force=True)
    guest.press("Weiter zur Prüfung", "Continue to check")
    net, gross = PRICES[guest.slug]
    said = guest.read()
    assert net in said
    assert gross in said
    if look:
        guest.look("review")
    guest.press(f"{gross} zahlungspflichtig aufladen", f"Pay {gross} now")
    expect(guest.page).to_have_url(re.compile("/x/sandbox/checkout/"))
    if look:
        guest.look("checkout")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("slug", BRANDS)
def test_top_up(browser: Browser, server: Server, slug: str, script: bool) -> None:
    """From sign-in to the credited balance; every page on the way is clean."""
    with Guest.at(browser, server, slug, script=script) as guest:
        to_checkout(guest, look=script)
        guest.choose("succeed")
        assert CREDITED[slug] in guest.read()
        if script:
            guest.look("done-settled")
        guest.press("Zur Übersicht", "Back to overview")
        assert f"+{PRICES[slug][0]}" in guest.read()


@pytest.mark.parametrize("slug", BRANDS)
@pytest.mark.parametrize(
    ("choice", "german", "english"),
    [
        ("decline", "Die Zahlung wurde abgelehnt", "The payment was declined"),
        ("timeout_lost", "Bitte zahlen Sie nicht noch einmal.", "Please do not pay again."),
        ("cancel", "Sie haben die Zahlung abgebrochen.", "You have cancelled the payment."),
    ],
)
def test_what_was_not_paid(browser: Browser, server: Server, slug: str, choice: str, german: str, english: str) -> None:
    """Declined, unanswered and cancelled payments say what happens next, and are no credit."""
    with Guest.at(browser, server, slug) as guest:
        to_checkout(guest)
        guest.choose(choice)
        assert (german if slug == "nordstern" else english) in guest.read()
        guest.look(f"done-{choice}")


@pytest.mark.parametrize(("slug", "script"), [("nordstern", True), ("falke", False)])  # each waits for the money
def test_a_pending_payment_arrives_by_itself(browser: Browser, server: Server, slug: str, script: bool) -> None:
    """The page of a delayed payment asks again until the money is there, without a script."""
    with Guest.at(browser, server, slug, script=script) as guest:
        to_checkout(guest)
        guest.choose("pending")
        assert ("Ihre Zahlung ist unterwegs" if slug == "nordstern" else "Your payment is on its way") in guest.read()
        guest.look("done-pending")
        # Playwright takes every kind of space for the same
        expect(guest.page.locator("main")).to_contain_text(CREDITED[slug], timeout=30_000)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("slug", BRANDS)
def test_three_d_secure(browser: Browser, server: Server, slug: str, script: bool) -> None:
    """The bank asks once more: yes is credit, no is a refusal."""
    with Guest.at(browser, server, slug, script=script) as guest:
        to_checkout(guest)
        guest.choose("challenge")
        guest.look("challenge")
        guest.choose("confirm")
        assert CREDITED[slug] in guest.read()
    with Guest.at(browser, server, slug, script=script) as guest:
        to_checkout(guest)
        guest.choose("challenge")
        guest.choose("refuse")
        assert ("nicht bestätigt" if slug == "nordstern" else "not confirmed") in guest.read()


def test_going_back_leads_to_the_same_payment(browser: Browser, server: Server) -> None:
    """Back from the provider's page and the button again: the same page of the provider."""
    with Guest.at(browser, server, "nordstern") as guest:
        to_checkout(guest)
        first = guest.page.url
        guest.page.go_back()
        guest.press("59,50 € zahlungspflichtig aufladen", "")
        assert guest.page.url == first


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("mobile", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
        ("mobile-dark", {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}),
        ("narrow", {"viewport": {"width": 320, "height": 700}}),
        ("forced", {"forced_colors": "active"}),
    ],
)
@pytest.mark.parametrize("slug", BRANDS)
def test_every_room(browser: Browser, server: Server, slug: str, name: str, options: dict[str, Any]) -> None:
    """Each page with real content, light and dark, wide and narrow: axe finds nothing, nothing overflows."""
    with Guest.at(browser, server, slug, name=name, **options) as guest:
        guest.sign_in()
        guest.look("overview")
        for room in ("/?days=7", "/?days=90", "/topup", "/topup/review?amount=25.00&method=sandbox", "/transactions",
                     "/transactions?kind=topup&start=2026-01-01", "/calls", "/calls?q=000", "/settings"):  # fmt: skip
            guest.go(room)
            guest.look(re.sub(r"\W+", "-", room).strip("-"))
        guest.go("/calls")
        guest.page.locator("th a").first.click()
        guest.look("call")


def test_errors_are_pages_too(browser: Browser, server: Server) -> None:
    """A wrong password, a wrong amount and a page that does not exist are said on clean pages."""
    with Guest.at(browser, server, "nordstern") as guest:
        guest.go("/sign-in")
        guest.page.locator("#f-email").fill("anna@example.org")
        guest.page.locator("#f-password").fill("wrong")
        guest.press("Anmelden", "")
        guest.look("sign-in-wrong")
        expect(guest.page.locator(".faults")).to_be_focused()
        guest.sign_in()
        guest.go("/topup")
        guest.page.locator("input[value=other]").check(force=True)
        guest.page.locator("#f-other").fill("3")
        guest.press("Weiter zur Prüfung", "")
        guest.look("topup-wrong")
        assert guest.page.locator("#f-other").input_value() == "3"
        guest.go("/calls/00000000-0000-7000-8000-000000000000")
        guest.look("not-found")
        # the browser itself notes each answer that is an error
        expected = [fault for fault in guest.faults if re.search(r"422|404", fault)]
        assert len(expected) == len(guest.faults) == 6
        guest.faults.clear()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_language_and_colours(browser: Browser, server: Server, script: bool) -> None:
    """Switched without a script: the language by a link, the colours by a form; both stay."""
    with Guest.at(browser, server, "nordstern", script=script, name="switched") as guest:
        guest.sign_in("ben@example.org")
        guest.page.locator(".tongues a[hreflang=en]").click()
        assert "Available balance" in guest.read()
        guest.go("/settings")
        guest.page.locator("#f-scheme").select_option("dark")
        guest.page.get_by_role("button", name="Save appearance").click()
        assert guest.page.locator("html").get_attribute("data-scheme") == "dark"
        guest.look("settings")
        guest.page.locator("#f-scheme").select_option("auto")
        guest.page.get_by_role("button", name="Save appearance").click()
        guest.page.get_by_role("button", name="Sign out", exact=True).click()
        assert "You have signed out." in guest.read()
