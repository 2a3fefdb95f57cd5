"""Paying with Stripe in Chromium: browser, server, worker and the stand-in, with nothing between them but HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from render_preview import CHROMIUM
from stripe_payer import Payer, plain
from stripe_stage import Stage, staged

from embedded import APP_PASSWORD

pytestmark = pytest.mark.browser

DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def stage(postgres: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(postgres, template, APP_PASSWORD, tmp_path_factory.mktemp("mails")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(stage: Stage) -> Iterator[Browser]:  # after the stage: Playwright's loop admits no other beside it
    del stage
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


@pytest.mark.parametrize(
    ("slug", "options", "gross", "tax"),
    [("nordstern", {}, "59.50", "9.50"), ("falke", {"script": False, **PHONE}, "60.00", "10.00")],
    ids=["script", "phone-no-script"],
)
def test_a_card(browser: Browser, stage: Stage, slug: str, options: dict[str, Any], gross: str, tax: str) -> None:
    """From the form to the receipt: what was paid with its VAT, the new balance, a reference, a line in the list."""
    with Payer.at(browser, stage, slug, "emil@example.org", name="card", **options) as payer:
        payer.order(look="card")
        payer.look("card-page")
        payer.pay("pm_card_visa")
        credited = payer.says("%(amount)s has been added to your credit.", amount=payer.money("50"))
        payer.reads(credited, payer.money(gross), "Visa •••• 4242", payer.money("65"))
        payer.look("card-done")
        reference = payer.reference()
        assert payer.wallet("C-5") == "65.00"
        payer.go("/transactions", payer.says("Top-up"), payer.money("50", sign=True), payer.money("65"))
        payer.look("card-line")
        mail = stage.until(lambda: stage.mails(slug, "C-5", "topup.settled", reference))[0]
        assert payer.money(tax) in plain(mail["text"])
        assert [one["amount_received"] for one in payer.intents("C-5")] == [int(gross.replace(".", ""))]


def test_a_debit_is_paid_later(browser: Browser, stage: Stage) -> None:
    """It is told that nothing more is to do; when the bank has paid, the line becomes credit without anybody asking."""
    with Payer.at(browser, stage, "nordstern", "fritz@example.org", name="debit", **DARK) as payer:
        payer.order()
        payer.pay("pm_held_de")
        waits = payer.says("The payment is ordered. The credit is added as soon as the money arrives.")
        payer.reads(payer.says("Your payment is on its way"), waits, payer.says("Pending"))
        payer.look("debit-done")
        reference = payer.reference()
        payer.go("/transactions", payer.says("Pending"), payer.money("50", sign=True))
        payer.look("debit-line")
        assert (payer.orders("C-6"), payer.wallet("C-6")) == (["pending"], "15.00")
        stage.act(stage.stripe.settle_sepa, payer.intents("C-6")[0]["id"])
        stage.until(lambda: payer.orders("C-6") == ["settled"])
        stage.until(lambda: "checkout.session.async_payment_succeeded" in payer.heard())
        payer.go("/transactions", payer.money("65"))
        assert payer.says("Pending") not in payer.guest.read()
        payer.look("debit-paid")
        assert stage.until(lambda: stage.mails("nordstern", "C-6", "topup.settled", reference))


def test_a_debit_that_comes_back(browser: Browser, stage: Stage) -> None:
    """The bank returns it: no credit, and the words for it, on the page and by mail."""
    with Payer.at(browser, stage, "nordstern", "heinz@example.org", name="returned", **PHONE) as payer:
        payer.order("25.00")
        payer.pay("pm_held_de")
        payer.reads(payer.says("Your payment is on its way"))
        here = payer.guest.page.url
        stage.act(stage.stripe.settle_sepa, payer.intents("C-8")[0]["id"], "insufficient_funds")
        stage.until(lambda: payer.orders("C-8") == ["declined"])
        payer.guest.page.goto(here)
        payer.reads(payer.says("The payment was declined"), payer.says("Nothing was charged."))
        payer.look("debit-returned")
        payer.go("/transactions")
        payer.look("debit-returned-line")
        assert payer.wallet("C-8") == "15.00"


@pytest.mark.parametrize(
    ("slug", "options"), [("falke", {}), ("nordstern", {"script": False})], ids=["script", "no-script"]
)
def test_declined_and_tried_again(browser: Browser, stage: Stage, slug: str, options: dict[str, Any]) -> None:
    """Refused at Stripe, back here it is said why and that nothing was charged; another card then pays, once."""
    with Payer.at(browser, stage, slug, "fritz@example.org", name="declined", **options) as payer:
        before = len(payer.orders("C-6"))
        credit = float(payer.wallet("C-6"))
        payer.order("25.00")
        payer.pay("pm_card_chargeDeclined")
        expect(payer.guest.page.locator("[role=alert]")).to_contain_text("declined")
        payer.guest.page.get_by_role("link", name="Cancel and go back").click()
        payer.reads(
            payer.says("This payment is not finished yet"), payer.says("Nothing was charged."),
            payer.says("Your bank did not accept the payment. Please try another method."),
        )  # fmt: skip
        payer.look("declined-open")
        payer.press("Continue to payment")
        payer.at_stripe()
        payer.pay("pm_card_visa")
        payer.reads(payer.says("%(amount)s has been added to your credit.", amount=payer.money("25")))
        assert payer.orders("C-6")[before:] == ["settled"]
        assert float(payer.wallet("C-6")) == credit + 25


def test_three_d_secure(browser: Browser, stage: Stage) -> None:
    """The bank's page refuses: said here, nothing charged. The next time it says yes: one credit."""
    with Payer.at(browser, stage, "nordstern", "greta@example.org", name="3ds", **PHONE) as payer:
        payer.order("10.00")
        payer.pay("pm_card_authenticationRequired")
        payer.look("3ds-bank")
        payer.guest.page.get_by_role("button", name="Fail authentication").click()
        expect(payer.guest.page.locator("[role=alert]")).to_be_visible()
        payer.guest.page.get_by_role("link", name="Cancel and go back").click()
        payer.reads(
            payer.says("Nothing was charged."), payer.says("The payment was not confirmed with your bank.")
        )  # fmt: skip
        payer.look("3ds-refused")
        assert payer.wallet("C-7") == "15.00"
        payer.press("Continue to payment")
        payer.at_stripe()
        payer.pay("pm_card_authenticationRequired")
        payer.guest.page.get_by_role("button", name="Complete authentication").click()
        payer.reads(payer.says("%(amount)s has been added to your credit.", amount=payer.money("10")))
        assert payer.wallet("C-7") == "25.00"


def save_card(payer: Payer, behaviour: str, *, look: bool = False) -> None:
    """By the page of payment methods to Stripe's, and back."""
    payer.go("/payment-methods")
    if look:
        payer.look("methods-none")
    payer.press("Add a payment method")
    if look:
        payer.look("methods-add")
    payer.guest.page.locator("#f-consent").check()
    payer.press("Continue")
    payer.at_stripe()
    if look:
        payer.look("methods-page")
    payer.pay(behaviour)
    payer.reads(payer.says("Your payment method is saved. It may take a moment until it is in the list."))


def switch_on(payer: Payer, *, look: bool = False) -> None:
    """Below 10.00, 25.00 are bought, up to 100.00 a month."""
    payer.go("/auto-topup")
    if look:
        payer.look("auto-form")
    for name, value in (("threshold", "10"), ("amount", "25"), ("cap", "100")):
        payer.guest.page.locator(f"#f-{name}").fill(value)
    payer.guest.page.locator("input[name=mode][value=fixed]").check()
    payer.press("Continue to check")
    payer.reads(payer.money("10"), payer.money("25"), payer.money("100"))
    if look:
        payer.look("auto-check")
    payer.guest.page.locator("#f-consent").check()
    payer.press("Switch on auto-top-up")
    payer.reads(payer.says("Auto-top-up is saved."), payer.says("Active"))


@pytest.mark.parametrize(
    ("slug", "options"), [("falke", {}), ("nordstern", {"script": False, **DARK})], ids=["script", "dark-no-script"]
)
def test_auto_top_up(browser: Browser, stage: Stage, slug: str, options: dict[str, Any]) -> None:
    """A card is saved, a rule agreed to, the balance falls: it is charged by itself. Without the card it pauses."""
    with Payer.at(browser, stage, slug, "clara@example.org", name="auto", **options) as payer:
        save_card(payer, "pm_card_visa", look=True)
        payer.go("/payment-methods", "Visa •••• 4242")
        payer.look("methods-one")
        switch_on(payer, look=True)
        stage.sweep()
        stage.call(slug, "C-3", 60)
        assert payer.wallet("C-3") == "7.80"
        stage.sweep()
        stage.until(lambda: payer.wallet("C-3") == "32.80")
        payer.go("/auto-topup", payer.says("%(charged)s of %(cap)s", charged=payer.money("25"), cap=payer.money("100")))
        payer.look("auto-charged")
        payer.go("/transactions", payer.money("25", sign=True), payer.money("32.80"))
        payer.look("auto-line")
        mail = stage.until(lambda: stage.mails(slug, "C-3", "autotopup.charged"))[0]
        assert payer.money("25") in plain(mail["text"])
        stage.sweep()
        assert len(payer.intents("C-3")) == 1

        payer.go("/payment-methods", payer.says("Auto-top-up"))
        payer.guest.page.get_by_role("link", name=re.compile("4242")).last.click()
        payer.reads(payer.says("It pauses until you choose another payment method."))
        payer.look("methods-remove")
        payer.press("Remove %(method)s", method="Visa •••• 4242")
        payer.reads(payer.says("The payment method is removed."), payer.says("Nothing saved yet"))
        payer.look("methods-removed")
        payer.go("/auto-topup", payer.says("The payment method %(method)s has been removed.", method="Visa •••• 4242"))
        payer.look("auto-paused")
        assert stage.rule(slug, "C-3").state == "paused"


def test_a_card_that_always_declines(browser: Browser, stage: Stage) -> None:
    """Three charges an hour and more apart, then a pause that is explained, and one mail."""
    with Payer.at(browser, stage, "nordstern", "david@example.org", name="declines", **PHONE) as payer:
        save_card(payer, "pm_card_chargeCustomerFail")
        switch_on(payer)
        stage.call("nordstern", "C-4", 60)
        for number, pause in enumerate((0, 61, 121, 300, 1500), 1):
            stage.sweep(after=timedelta(minutes=pause))
            stage.until(lambda: stage.rule("nordstern", "C-4").declines == min(number, 3))  # noqa: B023 - at once
        assert [one["status"] for one in payer.intents("C-4")] == ["requires_payment_method"] * 3
        payer.go(
            "/auto-topup",
            payer.says("Paused."),
            payer.says(
                "Your bank has refused %(method)s three times in a row, so we have stopped trying.",
                method="Visa •••• 0341",
            ),
        )
        payer.look("auto-declined")
        stage.until(lambda: stage.mails("nordstern", "C-4", "autotopup.paused"))
        stage.sweep(after=timedelta(days=1))
        assert len(stage.mails("nordstern", "C-4", "autotopup.paused")) == 1
        assert payer.wallet("C-4") == "7.80"


def test_paid_back_by_the_reseller(browser: Browser, stage: Stage) -> None:
    """Staff finds the payment, pays a part back; the customer sees the line, and Stripe has it."""
    with Payer.at(browser, stage, "nordstern", "ben@example.org", name="refund") as payer:
        payer.order()
        payer.pay("pm_card_visa")
        reference = payer.reference()
    with Payer.at(browser, stage, "nordstern", "staff@example.org", name="refund") as staff:
        staff.go(f"/staff/payments?q={reference}", reference)
        staff.look("staff-payments")
        staff.guest.page.get_by_role("link", name=reference, exact=True).click()
        staff.reads("Visa •••• 4242")
        staff.look("staff-payment")
        staff.press("Pay back")
        staff.guest.page.locator("input[value=part]").check()
        staff.guest.page.locator("#f-amount").fill("20")
        staff.guest.page.locator("#f-reason").fill("zu viel bestellt")
        staff.look("staff-refund")
        staff.press("Continue to check")
        staff.reads(staff.money("20"), staff.money("23.80"))
        staff.look("staff-refund-check")
        staff.press("Pay back %(amount)s now", amount=staff.money("23.80"))
        staff.reads(staff.says("%(amount)s has been paid back.", amount=staff.money("23.80")))
        staff.look("staff-refunded")
    charge = stage.act(stage.stripe.get, payer.intents("C-2")[0]["latest_charge"])
    assert (charge["amount"], charge["amount_refunded"]) == (5950, 2380)
    with Payer.at(browser, stage, "nordstern", "ben@example.org", name="refund", **PHONE) as payer:
        payer.go("/transactions", payer.says("Refund"), payer.money("-20", sign=True), payer.money("30"))
        payer.look("refund-line")
        assert stage.until(lambda: stage.mails("nordstern", "C-2", "refund.settled"))


def told(payer: Payer) -> str:
    """What the overview says of the money."""
    payer.guest.go("/")
    mode = payer.guest.page.locator(".mode")
    return mode.inner_text().strip() if mode.count() else ""


CUSTOMER = ("", "topup", "payment-methods", "auto-topup", "transactions", "calls", "settings")
STAFF = ("", "/payments", "/disputes", "/customers", "/adjustments", "/providers", "/providers/stripe")


def test_test_mode_is_told(browser: Browser, stage: Stage) -> None:
    """On every page of customers and staff, in both brands; on none with a live key; at its method where both are."""
    for slug in ("nordstern", "falke"):
        with Payer.at(browser, stage, slug, "anna@example.org", name="mode") as payer:
            for room in CUSTOMER:
                payer.go(f"/{room}", payer.says("Test mode: no real money moves here."))
        with Payer.at(browser, stage, slug, "staff@example.org", name="mode", **PHONE) as staff:
            for room in STAFF:
                staff.go(f"/staff{room}", staff.says("Test mode: no real money moves here."))
            staff.look("staff-provider")
    with Payer.at(browser, stage, "falke", "anna@example.org", name="live") as payer:
        stage.settings("falke", secret_key="sk_live_falke")
        stage.until(lambda: not told(payer))
        payer.guest.go("/topup")
        assert payer.guest.page.locator(".mode, .choice .badge").count() == 0
        stage.enable("falke", "sandbox")
        stage.until(
            lambda: told(payer) == payer.says("Test mode: with some of the payment methods no real money moves.")
        )
        payer.go("/topup")
        tested = payer.guest.page.locator(".choice:has(.badge) input")
        assert [one.get_attribute("value") for one in tested.all()] == ["sandbox"]
        payer.look("mixed")
