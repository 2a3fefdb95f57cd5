"""The rooms of saved methods and of auto-top-up, as their customers see them, and only theirs."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from askpro import clock, db
from askpro.money import Money
from askpro.payments import autotopup, consent, methods, providers
from askpro.payments.model import Order
from askpro.payments.rule import Rule
from askpro.sdk.payments import Feature, SavedMethod, SetupRequest
from askpro.tenancy import tax
from askpro_sandbox.provider import SandboxProvider, open_book
from auto_topping import move
from portal_house import Browser, Portal, portal
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("move", "portal")

NORD = "nordstern"


def words(html: str) -> str:
    """What a reader sees, in one line."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\N{NO-BREAK SPACE}", " ").split())


async def guest(portal: Portal, slug: str = NORD, email: str = "anna@example.org") -> Browser:
    browser = await portal.browser(slug)
    assert (await browser.sign_in(email)).status_code == 303
    return browser


async def english(portal: Portal) -> Browser:
    browser = await guest(portal)
    await browser.get("/language/en")
    return browser


async def card(portal: Portal, behaviour: str = "succeed", number: str = "C-1", slug: str = NORD) -> str:
    """The number of a method that a customer has saved earlier."""
    house = portal.houses[slug]
    provider = await providers.provider(house.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        return (await book.add_method(str(house.customers[number].id), behaviour)).public.ref


async def rule_of(portal: Portal, number: str = "C-1") -> Rule | None:
    house = portal.houses[NORD]
    return await autotopup.rule(house.tenant.id, house.customers[number].wallet_id)


async def fire(portal: Portal) -> Order | None:
    house = portal.houses[NORD]
    return (await autotopup.fire(house.tenant.id, house.customers["C-1"].wallet_id)).order


def typed(ref: str, **changes: str) -> dict[str, str]:
    return {
        "threshold": "10", "mode": "fixed", "amount": "25", "cap": "100", "method": f"sandbox/{ref}", **changes
    }  # fmt: skip


async def switch_on(browser: Browser, ref: str, **changes: str) -> Any:
    """Form, check page, consent."""
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref, **changes))
    assert answer.status_code == 303, words(answer.text)
    page = (await browser.get(answer.headers["location"])).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return await browser.post("/auto-topup/save", fields | {"consent": "1"})


# saved methods


async def test_an_empty_room_says_what_it_is_for(portal: Portal) -> None:
    """No method, no rule: both pages lead on instead of showing an empty box."""
    browser = await english(portal)

    assert "Nothing saved yet" in words((await browser.get("/payment-methods")).text)
    assert "First save a payment method" in words((await browser.get("/auto-topup")).text)
    assert "/auto-topup" in (await browser.get("/topup")).text


async def test_methods_are_listed_with_digits_and_default(portal: Portal) -> None:
    """Brand, last digits, which is the default and which auto-top-up charges; another can be made the default."""
    first, second = await card(portal), await card(portal, "decline")
    browser = await english(portal)
    await switch_on(browser, first)
    page = words((await browser.get("/payment-methods")).text)
    assert page.count("••••") >= 2
    assert "Default" in page
    assert "Auto-top-up" in page

    answer = await browser.post("/payment-methods/default", {"provider": "sandbox", "ref": second})
    assert answer.headers["location"] == "/payment-methods?done=default"
    house = portal.houses[NORD]
    found = await methods.of_customer(house.tenant, house.customers["C-1"], locale="en")
    assert {one.method.ref: one.method.default for one in found} == {first: False, second: True}


async def test_removing_has_a_page_of_its_own(portal: Portal) -> None:
    """It says what follows; then the method is gone and the rule that charged it is paused."""
    ref = await card(portal)
    browser = await english(portal)
    await switch_on(browser, ref)
    page = await browser.get(f"/payment-methods/remove?provider=sandbox&ref={ref}")
    assert "Auto-top-up uses it." in words(page.text)
    answer = await browser.post("/payment-methods/remove", {"provider": "sandbox", "ref": ref})

    assert "The payment method is removed." in words((await browser.get(answer.headers["location"])).text)
    rule = await rule_of(portal)
    assert rule is not None
    assert (rule.state, rule.reason) == ("paused", "method_removed")
    assert "has been removed" in words((await browser.get("/auto-topup")).text)
    assert (await browser.get(f"/payment-methods/remove?provider=sandbox&ref={ref}")).status_code == 404


async def test_nobody_touches_the_methods_of_others(portal: Portal) -> None:
    """Neither another customer of the house nor one of another house sees, removes or charges them."""
    ref = await card(portal)
    for slug, email in ((NORD, "ben@example.org"), ("falke", "anna@example.org")):
        browser = await guest(portal, slug, email)
        assert "••••" not in (await browser.get("/payment-methods")).text
        assert (await browser.get(f"/payment-methods/remove?provider=sandbox&ref={ref}")).status_code == 404
        await browser.get("/topup")
        for act in ("default", "remove"):
            await browser.post(f"/payment-methods/{act}", {"provider": "sandbox", "ref": ref})
        assert (await browser.post("/auto-topup", typed(ref))).status_code == 422
        await browser.post("/auto-topup/save", typed(ref, threshold="10.00", consent="1"))

    house = portal.houses[NORD]
    found = await methods.of_customer(house.tenant, house.customers["C-1"], locale="en")
    assert [one.method.ref for one in found] == [ref]
    assert await rule_of(portal) is None
    assert await rule_of(portal, "C-2") is None


async def test_adding_one_keeps_what_was_agreed_to(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without consent nothing begins; with it the words are stored and a link leads to the provider's page."""
    asked: list[SetupRequest] = []

    async def create_setup(self: Any, ctx: Any, request: SetupRequest) -> Any:
        from askpro.sdk import CheckoutSession

        asked.append(request)
        return CheckoutSession(key=request.key, provider_ref="s", url="https://pay.example/x", expires_at=ctx.now())

    plain = SandboxProvider.capabilities

    def capabilities(self: Any, ctx: Any) -> Any:
        from dataclasses import replace

        can = plain(self, ctx)
        return replace(can, features=can.features | {Feature.SETUP})

    monkeypatch.setattr(SandboxProvider, "create_setup", create_setup, raising=False)
    monkeypatch.setattr(SandboxProvider, "capabilities", capabilities)
    browser = await guest(portal)
    page = await browser.get("/payment-methods/add?provider=sandbox")
    assert page.status_code == 200
    assert (await browser.post("/payment-methods/add", {"provider": "sandbox"})).status_code == 422
    assert asked == []
    answer = await browser.post("/payment-methods/add", {"provider": "sandbox", "consent": "1"})

    assert 'href="https://pay.example/x"' in answer.text
    house = portal.houses[NORD]
    kept = await consent.of_wallet(house.tenant.id, house.customers["C-1"].wallet_id)
    assert [(one["kind"], one["text"], one["address"]) for one in kept] == [
        ("save_method", asked[0].consent, "203.0.113.9")
    ]
    assert asked[0].consent in words(page.text)
    assert asked[0].key == str(kept[0]["id"])


async def test_a_provider_that_does_not_answer_is_named(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says that it may not be complete; the page stays."""

    async def broken(self: Any, ctx: Any, customer: Any) -> list[SavedMethod]:
        raise RuntimeError("down")

    monkeypatch.setattr(SandboxProvider, "list_methods", broken)
    browser = await english(portal)
    for path in ("/payment-methods", "/auto-topup"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "The list may not be complete." in words(page.text)


# auto-top-up


async def test_the_rule_is_said_in_words_before_it_is_agreed_to(portal: Portal) -> None:
    """Threshold, amount, cap, tax and method stand on the check page, and exactly those words are kept."""
    ref = await card(portal)
    browser = await english(portal)
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref, amount="25,00"))
    assert answer.status_code in (303, 422)
    answer = await browser.post("/auto-topup", typed(ref))
    shown = (await browser.get(answer.headers["location"])).text
    page = words(shown)
    for text in ("€10.00", "€25.00", "€29.75", "€119.00", "19%", "••••"):
        assert text in page
    assert await rule_of(portal) is None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    assert typed(ref, threshold="10.00", amount="25.00", cap="100.00").items() <= fields.items()
    assert (await browser.post("/auto-topup/save", fields)).status_code == 422
    assert await rule_of(portal) is None
    saved = await browser.post("/auto-topup/save", fields | {"consent": "1"})

    assert saved.headers["location"] == "/auto-topup?done=saved"
    rule = await rule_of(portal)
    assert rule is not None
    assert (rule.state, rule.threshold, rule.amount, rule.monthly_cap) == (
        "active", Money.of("10", "EUR"), Money.of("25", "EUR"), Money.of("100", "EUR"),
    )  # fmt: skip
    house = portal.houses[NORD]
    kept = await consent.of_wallet(house.tenant.id, house.customers["C-1"].wallet_id)
    assert kept[0]["text"].replace("\N{NO-BREAK SPACE}", " ") in page.replace("Change auto-top-up I agree ", "")
    assert (kept[0]["version"], kept[0]["locale"][:2]) == ("auto-1", "en")
    assert "Active" in words((await browser.get("/auto-topup")).text)


async def test_germans_type_and_read_their_own_numbers(portal: Portal) -> None:
    """12,50 is twelve fifty, and comes back as it was typed."""
    ref = await card(portal)
    browser = await guest(portal)
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref, threshold="12,50", mode="target", amount="60", cap="200"))
    page = words((await browser.get(answer.headers["location"])).text)

    assert "12,50 €" in page
    assert "238,00 €" in page
    assert "%(" not in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": "much"}, "threshold"),
        ({"amount": "4"}, "amount"),
        ({"amount": "1,001.00"}, "amount"),
        ({"cap": "24.99"}, "cap"),
        ({"mode": "target", "amount": "10"}, "amount"),
        ({"mode": "else"}, "mode"),
        ({"method": ""}, "method"),
        ({"method": "sandbox/none"}, "method"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(portal: Portal, changes: dict[str, str], field: str) -> None:
    """An error summary that links to the field, the same words there, and what was typed is still there."""
    ref = await card(portal)
    browser = await english(portal)
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref, **changes))

    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert "<title>Error:" in answer.text
    assert "%(" not in words(answer.text)
    if field in changes and field in ("threshold", "amount", "cap"):
        assert f'value="{changes[field]}"' in answer.text


async def test_nobody_agrees_to_words_that_he_has_not_seen(portal: Portal) -> None:
    """The tax changes between the page and the press: the page comes again with the new words, and nothing is kept."""
    ref, house = await card(portal), portal.houses[NORD]
    browser = await english(portal)
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref))
    page = (await browser.get(answer.headers["location"])).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    today = clock.civil_day(clock.now(), house.tenant.timezone)
    await tax.set_rate(house.tenant.id, today, Decimal("0.07"), by=OPERATOR)
    again = await browser.post("/auto-topup/save", fields | {"consent": "1"})

    assert again.status_code == 422
    assert "have changed" in words(again.text)
    assert "7% VAT" in words(again.text)
    assert await rule_of(portal) is None
    assert await consent.of_wallet(house.tenant.id, house.customers["C-1"].wallet_id) == []
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', again.text))
    assert (await browser.post("/auto-topup/save", fields | {"consent": "1"})).status_code == 303
    [kept] = await consent.of_wallet(house.tenant.id, house.customers["C-1"].wallet_id)
    sentences = [one.replace("\N{NO-BREAK SPACE}", " ") for one in kept["text"].split(". ")]
    assert [one for one in sentences if one not in words(again.text)] == []
    assert "7% VAT" in kept["text"].replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("change", [{"shown": ""}, {"shown": "0" * 64}, {"amount": "30.00"}])
async def test_a_form_that_was_not_our_page_is_no_consent(portal: Portal, change: dict[str, str]) -> None:
    """Without the mark of the page, or with other figures than it showed, it is shown first."""
    ref = await card(portal)
    browser = await english(portal)
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref))
    page = (await browser.get(answer.headers["location"])).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    again = await browser.post("/auto-topup/save", fields | {"consent": "1"} | change)

    assert again.status_code == 422
    assert await rule_of(portal) is None


async def test_the_provider_lists_its_methods_once_a_request(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Form, check page, press: each asks once, right or wrong."""
    ref, asked, plain = await card(portal), [0], SandboxProvider.list_methods

    async def counted(self: Any, ctx: Any, customer: Any) -> Any:
        asked[0] += 1
        return await plain(self, ctx, customer)

    async def calls(answer: Any) -> tuple[int, Any]:
        found, asked[0] = asked[0], 0
        return found, answer

    monkeypatch.setattr(SandboxProvider, "list_methods", counted)
    browser = await english(portal)
    assert (await calls(await browser.get("/auto-topup")))[0] == 1
    assert (await calls(await browser.post("/auto-topup", typed(ref, cap="1"))))[0] == 1
    times, answer = await calls(await browser.post("/auto-topup", typed(ref)))
    assert times == 1
    times, answer = await calls(await browser.get(answer.headers["location"]))
    assert times == 1
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    times, answer = await calls(await browser.post("/auto-topup/save", fields))
    assert (times, answer.status_code) == (1, 422)
    times, answer = await calls(await browser.post("/auto-topup/save", fields | {"consent": "1"}))
    assert (times, answer.status_code) == (1, 303)


async def test_switching_off_is_one_press(portal: Portal) -> None:
    """And on again by the same form, with what was set before."""
    ref = await card(portal)
    browser = await english(portal)
    await switch_on(browser, ref, amount="35")
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup/off", {})
    rule = await rule_of(portal)
    assert rule is not None
    assert rule.state == "off"
    page = (await browser.get(answer.headers["location"])).text
    assert "Nothing is charged by itself." in words(page)
    assert 'value="35.00"' in page
    await switch_on(browser, ref)
    rule = await rule_of(portal)
    assert rule is not None
    assert rule.state == "active"


async def test_a_pause_says_why_and_what_helps(portal: Portal, move: Any) -> None:
    """Three refusals; the page names the reason and the ways out, and another card is one."""
    bad = await card(portal, "decline")
    browser = await english(portal)
    await switch_on(browser, bad)
    for _ in range(3):
        assert await fire(portal) is not None
        move(timedelta(hours=5))
    await browser.sign_in()
    await browser.get("/language/en")
    good = await card(portal)
    page = words((await browser.get("/auto-topup")).text)
    assert "Paused" in page
    assert "three times in a row" in page
    assert "Top up once" in page
    assert "Choose another payment method" in page
    await switch_on(browser, good)
    rule = await rule_of(portal)
    assert rule is not None
    assert rule.state == "active"


async def test_what_was_charged_is_a_line_like_every_topup(portal: Portal) -> None:
    """The automatic top-up stands in the list with its method, and the month's sum on the rule's page."""
    ref = await card(portal)
    browser = await english(portal)
    await switch_on(browser, ref)
    order = await fire(portal)
    assert order is not None
    assert order.state == "settled"

    for path in ("/", "/transactions"):
        page = words((await browser.get(path)).text)
        assert "Top-up" in page
        assert "€25.00" in page
    assert "€25.00 of €100.00" in words((await browser.get("/auto-topup")).text)


async def test_a_house_without_topups_offers_no_rule(portal: Portal) -> None:
    """The page says so; the form is not there, and posting it changes nothing."""
    from askpro.tenancy.model import TenantSettings
    from askpro.tenancy.service import update_tenant

    ref = await card(portal)
    house = portal.houses[NORD]
    await update_tenant(house.tenant.id, by=OPERATOR, settings=TenantSettings())
    browser = await english(portal)
    assert "Not possible right now" in words((await browser.get("/auto-topup")).text)
    await browser.get("/settings")
    assert (await browser.post("/auto-topup", typed(ref))).status_code == 422
    assert await rule_of(portal) is None


async def test_a_method_can_be_saved_with_a_topup(portal: Portal) -> None:
    """With the box ticked the card is kept, its consent stored; without it neither."""
    browser = await english(portal)
    house = portal.houses[NORD]
    for saved, extra in ((0, {}), (1, {"save": "1"})):
        await browser.get("/topup")
        answer = await browser.post("/topup/review", {"amount": "50.00", "method": "sandbox"})
        page = (await browser.get(answer.headers["location"])).text
        assert "Save this payment method" in words(page)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        checkout = (await browser.post("/topup/pay", fields | extra)).headers["location"]
        await browser.get(checkout)
        await browser.post(checkout, {"choice": "succeed"})
        found = await methods.of_customer(house.tenant, house.customers["C-1"], locale="en")
        kept = await consent.of_wallet(house.tenant.id, house.customers["C-1"].wallet_id)
        assert (len(found), len(kept)) == (saved, saved)
    assert kept[0]["text"] in words(page)


# an account that is not whole


async def test_a_customer_without_a_wallet_is_told_so(portal: Portal) -> None:
    """No page of money can be shown; it says so, to people and to machines, and one can still leave."""
    house = portal.houses[NORD]
    browser = await english(portal)
    async with db.unit(house.tenant.id):  # as a copy that went wrong may have left it
        await db.execute(
            "update people.customer set currency = 'CHF' where tenant_id = $1 and id = $2", house.tenant.id,
            house.customers["C-1"].id,
        )  # fmt: skip

    for path in ("/", "/topup", "/auto-topup", "/transactions", "/notifications"):
        page = await browser.get(path)
        assert page.status_code == 409, path
        assert "Your account is not set up completely" in words(page.text)
    said = (await browser.client.get("/topup", headers={"Accept": "application/json"})).json()
    assert said["code"] == "wallet_missing"
    assert (await browser.get("/settings")).status_code == 200
    assert (await browser.post("/sign-out", {})).status_code == 303
    assert (await browser.get("/topup")).headers["location"].startswith("/sign-in")


async def test_a_zero_character_breaks_no_page(portal: Portal) -> None:
    """The database cannot keep U+0000, so it is dropped where forms and addresses are read."""
    ref = await card(portal)
    browser = await english(portal)
    for path in ("/auto-topup?threshold=%00", "/transactions?q=a%00", "/calls?q=%00", "/topup?amount=1%00"):
        assert (await browser.get(path)).status_code == 200, path
    await browser.get("/auto-topup")
    answer = await browser.post("/auto-topup", typed(ref, method=f"sandbox/{ref}\0"))
    assert answer.status_code == 303
