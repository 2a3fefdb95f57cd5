"""The rooms of a reseller's staff: what is seen, what is done, and by whom."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from askpro import clock, db
from askpro.actor import Actor
from askpro.calls.control import limits
from askpro.errors import NotFound
from askpro.i18n import reader
from askpro.ids import new_id
from askpro.ledger.proof import prove
from askpro.money import Money
from askpro.payments import disputes, inbox, queries, refunds
from askpro.sdk.payments import (
    AccountState,
    Dispute,
    DisputeState,
    EventKind,
    Feature,
    OnboardingLink,
    Outcome,
    ProviderCapabilities,
    ProviderEvent,
)
from askpro.tenancy import audit
from askpro.tenancy.service import update_tenant
from askpro.wallets import adjustments, funding, promo
from askpro.web.portal.filters import PAGE
from askpro.web.portal.routes import ROUTES as PORTAL_ROUTES
from askpro.web.portal.routes import Route
from askpro.web.staff.routes import ROUTES
from portal_house import Portal, portal, token_in
from refunding import Desk
from staff_house import colleague, disputed, fields, paid, send, staff, words
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

NOBODY = "00000000-0000-7000-8000-000000000000"


def path_of(route: Route) -> str:
    return re.sub(r"\{\w+:str\}", "sandbox", re.sub(r"\{\w+:uuid\}", NOBODY, route.path))


# doors


async def test_staff_begins_in_its_own_rooms(portal: Portal) -> None:
    """Sign-in leads to the start page, so does the portal's front door; a page that was asked for comes first."""
    browser = await staff(portal)
    assert (await browser.get("/")).headers["location"] == "/staff"
    assert (await browser.get("/sign-in")).headers["location"] == "/staff"
    assert (await browser.get("/settings")).status_code == 200
    assert (await browser.post("/sign-out")).headers["location"].startswith("/sign-in")
    assert (await browser.sign_in("staff@example.org", next="/staff/disputes")).headers["location"] == "/staff/disputes"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_nobody_else_comes_in(portal: Portal, route: Route) -> None:
    """Strangers and another tenant's staff are sent to the sign-in, customers are told that it is not theirs."""
    theirs = await staff(portal, "falke")
    stolen = await portal.browser()
    stolen.client.cookies.set("askpro", theirs.session, domain="nordstern.askpro.localhost")
    for stranger in (await portal.browser(), stolen):
        do: Any = stranger.get if route.method == "GET" else stranger.post
        answer = await do(path_of(route), **({} if route.method == "GET" else {"data": {"_csrf": "x"}}))
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")

    customer = await portal.browser()
    await customer.sign_in()
    await customer.get("/settings")
    do = customer.get if route.method == "GET" else customer.post
    assert (await do(path_of(route))).status_code == 403


async def test_staff_does_not_enter_the_customers_rooms(portal: Portal) -> None:
    """Every room of the portal that is a customer's own."""
    browser = await staff(portal)
    await browser.get("/settings")
    token = token_in(browser.page)
    for route in PORTAL_ROUTES:
        if route.permission == "customer":
            path = re.sub(r"\{\w+:uuid\}", NOBODY, route.path)
            answer = await (browser.get(path) if route.method == "GET" else browser.post(path, {"_csrf": token}))
            assert answer.status_code == 403, route.path


@pytest.mark.parametrize("route", [one for one in ROUTES if one.method == "POST"], ids=lambda route: route.path)
async def test_every_form_needs_its_token(portal: Portal, route: Route) -> None:
    """Another person's token and another origin: 403."""
    browser, friend = await staff(portal), await colleague(portal)
    await browser.get("/settings")
    await friend.get("/settings")
    assert (await browser.post(path_of(route), {"_csrf": token_in(friend.page)})).status_code == 403
    mine = {"_csrf": token_in(browser.page)}
    assert (await browser.post(path_of(route), mine, headers={"Origin": "https://evil.example"})).status_code == 403


async def test_an_empty_house_is_calm(portal: Portal) -> None:
    """Every room that needs no id opens with nothing in it, in both brands."""
    for slug in ("nordstern", "falke"):
        browser = await staff(portal, slug)
        for route in ROUTES:
            if route.method == "GET" and "{" not in route.path:
                assert (await browser.get(route.path)).status_code == 200, route.path
    assert "Nothing is waiting for you." in words((await browser.get("/staff")).text)


# payments


async def test_payments_are_found(portal: Portal) -> None:
    """By state, by name, by reference, by period; page after page without losing or repeating one; and as CSV."""
    house = portal.houses["falke"]
    orders = [await paid(portal, "10", "falke", "C-1" if n % 3 else "C-2") for n in range(PAGE + 4)]
    browser = await staff(portal, "falke")

    seen: list[str] = []
    url = "/staff/payments"
    while url:
        page = (await browser.get(url)).text
        seen += re.findall(r'href="/staff/payments/[0-9a-f-]{36}">([^<]+)<', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == [one.reference for one in reversed(orders)]

    one = orders[3]
    assert re.findall(
        r'/staff/payments/([0-9a-f-]{36})"', (await browser.get(f"/staff/payments?q={one.reference}")).text
    ) == [str(one.id)]
    assert "No payment matches." in words((await browser.get("/staff/payments?kind=declined")).text)
    assert "No payment matches." in words((await browser.get("/staff/payments?end=2026-01-01")).text)
    theirs = f"/staff/payments.csv?customer={house.customers['C-2'].id}&kind=settled"
    rows = list(csv.DictReader(io.StringIO((await browser.get(theirs)).content.decode("utf-8-sig"))))
    assert {row["customer"] for row in rows} == {"C-2"}
    assert len(rows) == len([n for n in range(PAGE + 4) if n % 3 == 0])
    assert {row["gross"] for row in rows} == {"12.000000"}
    assert (await browser.get(f"/staff/payments?customer={new_id()}")).status_code == 404


@pytest.fixture
def desk(portal: Portal) -> Desk:
    """A provider in the sandbox's place that does as a test says."""
    registry = portal.app.litestar.state["host"]._providers
    plugin, real = registry.find("sandbox")
    made = Desk(real)
    registry._held["sandbox"] = (plugin, made)
    return made


async def test_a_refund_is_checked_and_paid_once(portal: Portal, desk: Desk) -> None:
    """Form, check with the balance before and after, button; pressed twice it is one refund, and the audit names it."""
    order = await paid(portal, "50", "falke")
    browser = await staff(portal, "falke")
    here = f"/staff/payments/{order.id}"
    assert "Pay back" in words((await browser.get(here)).text)
    await browser.get(f"{here}/refund")
    checked = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "12.50", "reason": "asked for it"})
    said = words(checked.text)
    for text in ("£12.50", "£2.50", "£15.00", "£50.00", "£37.50", "asked for it", "Pay back £15.00 now"):
        assert text in said
    form = fields(checked.text)
    first, second = [await send(browser, f"{here}/refund/pay", form) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert "£15.00 has been paid back." in words((await browser.get(first.headers["location"])).text)
    made = await refunds.of_order(portal.houses["falke"].tenant.id, order.id)
    assert [(one.state, one.gross) for one in made] == [("settled", Money.of("15", "GBP"))]
    assert desk.calls == 1
    assert await portal.balance("falke") == 37_500_000
    entries = await audit.entries(portal.houses["falke"].tenant.id, action="refund.asked")
    assert [(one.actor.partition(":")[0], one.detail["reason"]) for one in entries] == [("person", "asked for it")]

    whole = await send(browser, f"{here}/refund/check", {"part": "whole", "reason": "the rest"})
    assert "£37.50" in words(whole.text)
    gone = await send(browser, f"{here}/refund/pay", fields(whole.text))
    assert "Everything has been paid back already." in words((await browser.get(gone.headers["location"])).text)
    assert (await browser.get(f"{here}/refund")).headers["location"] == here
    assert await prove(portal.houses["falke"].tenant.id) == []


async def test_a_wrong_refund_keeps_what_was_typed(portal: Portal) -> None:
    """Too much, nothing, too fine, no reason: the form comes back with all of it, and nothing is booked."""
    order = await paid(portal, "50", "falke")
    browser = await staff(portal, "falke")
    here = f"/staff/payments/{order.id}"
    for amount, text in (("50.01", "At most £50.00 is possible."), ("", "Please enter an amount."),
                         ("0", "Please enter an amount."), ("1.005", "This amount has too many decimals")):  # fmt: skip
        await browser.get(f"{here}/refund")
        answer = await send(browser, f"{here}/refund/check", {"part": "part", "amount": amount, "reason": "because"})
        assert answer.status_code == 422
        assert text in words(answer.text)
        assert f'value="{amount}"' in answer.text
        assert "because</textarea>" in answer.text
        assert 'href="#f-amount"' in answer.text
    both = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "1.005", "reason": "x"})
    for text in ("This amount has too many decimals", "Please say why, in a few words.", "Please check 2 entries"):
        assert text in words(both.text)
    assert 'value="1.005"' in both.text
    assert ">x</textarea>" in both.text
    answer = await send(browser, f"{here}/refund/check", {"part": "whole", "reason": " "})
    assert "Please say why, in a few words." in words(answer.text)
    back = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "7", "reason": "hm", "change": "1"})
    assert back.status_code == 200
    assert 'value="7"' in back.text
    assert await refunds.of_order(portal.houses["falke"].tenant.id, order.id) == []


async def test_a_reason_no_database_can_keep(portal: Portal) -> None:
    """A zero byte in a reason is left out; the refund and the release go their way."""
    order = await paid(portal, "50", "falke")
    browser = await staff(portal, "falke")
    here = f"/staff/payments/{order.id}"
    await browser.get(f"{here}/refund")
    checked = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "5", "reason": "because"})
    form = {**fields(checked.text), "reason": "be\0cause"}
    assert (await send(browser, f"{here}/refund/pay", form)).status_code == 303
    one = await disputed(portal, order, slug="falke")
    await browser.get(f"/staff/disputes/{one.id}")
    assert (await send(browser, f"/staff/disputes/{one.id}/release", {"reason": "so\0 be it"})).status_code == 303
    assert [made.reason for made in await refunds.of_order(portal.houses["falke"].tenant.id, order.id)] == ["because"]


@pytest.mark.parametrize(
    ("outcome", "text", "state"),
    [
        (Outcome.PENDING, "has accepted the refund of £60.00. It is on its way.", "pending"),
        (Outcome.DECLINED, "The refund of £60.00 was declined. Nothing was paid back.", "declined"),
        (Outcome.UNKNOWN, "Please do not pay back £60.00 again", "unknown"),
    ],
)
async def test_a_refund_is_told_as_it_is(portal: Portal, desk: Desk, outcome: Outcome, text: str, state: str) -> None:
    """On its way, declined, or without an answer; what has no end can be asked about."""
    order = await paid(portal, "50", "falke")
    browser = await staff(portal, "falke")
    here = f"/staff/payments/{order.id}"
    await browser.get(f"{here}/refund")
    checked = await send(browser, f"{here}/refund/check", {"part": "whole", "reason": "because"})
    desk.next = outcome
    answer = await send(browser, f"{here}/refund/pay", fields(checked.text))
    said = words((await browser.get(answer.headers["location"])).text)
    assert text in said
    (made,) = await refunds.of_order(portal.houses["falke"].tenant.id, order.id)
    assert made.state == state
    if state == "declined":
        assert "The credit is back in the wallet." in said
        assert await portal.balance("falke") == 50_000_000
        return
    assert "Ask the provider now" in said
    desk.made[made.key].outcome = desk.made[made.key].told = Outcome.SETTLED
    asked = await send(browser, f"{here}/ask")
    assert "£60.00 paid back" in words((await browser.get(asked.headers["location"])).text)


async def test_one_that_cannot_be_asked_about_does_not_stop_the_rest(portal: Portal, desk: Desk) -> None:
    """Of three disputes the provider knows the middle one: it moves, and the page says that not all could be asked."""
    order = await paid(portal, "50", "falke")
    tenant = portal.houses["falke"].tenant.id
    attempt = await queries.attempt_of_order(tenant, order.id)
    assert attempt is not None
    for n in range(3):
        said = Dispute(ref=f"dp_{n}", payment_ref=attempt.provider_ref, amount=Money.of("5", "GBP"),
                       state=DisputeState.OPEN, reason="general")  # fmt: skip
        await disputes.apply(tenant, attempt, said, by=OPERATOR)
    desk.disputes["dp_1"] = replace(said, ref="dp_1", state=DisputeState.WON)
    browser = await staff(portal, "falke")

    answer = await send(browser, f"/staff/payments/{order.id}/ask")

    assert {one.ref: one.state for one in await disputes.of_order(tenant, order.id)} == {
        "dp_0": "open", "dp_1": "won", "dp_2": "open",
    }  # fmt: skip
    assert "could not be asked just now" in words((await browser.get(answer.headers["location"])).text)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"net": "12.345"}, "This amount has too many decimals"),
        ({"net": "-5"}, "Please enter an amount."),
        ({"reason": "x"}, "Please say why, in a few words."),
        ({"net": "60", "reason": ""}, "At most £50.00 is possible."),
    ],
)
async def test_a_check_page_that_was_tampered_with(portal: Portal, change: dict[str, str], text: str) -> None:
    """What the button brings is read as strictly as the form: nothing is paid back, and all that is wrong is said."""
    order = await paid(portal, "50", "falke")
    browser = await staff(portal, "falke")
    here = f"/staff/payments/{order.id}"
    checked = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "7", "reason": "asked for"})

    answer = await send(browser, f"{here}/refund/pay", {**fields(checked.text), **change})

    assert answer.status_code == 422
    assert text in words(answer.text)
    assert ("Please say why" in words(answer.text)) == (len(change.get("reason", "because")) < 3)
    assert 'value="7"' in answer.text
    assert await refunds.of_order(portal.houses["falke"].tenant.id, order.id) == []


async def test_a_refusal_is_explained_in_the_readers_language(portal: Portal, desk: Desk) -> None:
    """Each reason for which a refund is refused after the check has a sentence of its own, in German too."""
    order = await paid(portal, "50")
    browser = await staff(portal)
    here = f"/staff/payments/{order.id}"
    checked = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "7", "reason": "asked for"})
    form = fields(checked.text)
    assert (await send(browser, f"{here}/refund/pay", form)).status_code == 303
    other = await send(browser, f"{here}/refund/check", {"part": "part", "amount": "8", "reason": "asked for"})
    again = {**fields(other.text), "idempotency_key": form["idempotency_key"]}

    answer = await send(browser, f"{here}/refund/pay", again)

    assert answer.status_code == 422
    used = "This check page has been used already. Please check the refund once more."
    assert reader("de", "Europe/Berlin").gettext(used) in words(answer.text)
    assert "asked for</textarea>" in answer.text
    too_much = await send(browser, f"{here}/refund/pay", {**fields(other.text), "net": "44"})
    assert "Höchstens 43,00 € sind möglich." in words(too_much.text)
    desk.features -= {Feature.PARTIAL_REFUND}
    answer = await send(browser, f"{here}/refund/pay", fields(other.text))
    assert "Dieser Anbieter erstattet nur das Ganze, und ein Teil ist verbraucht." in words(answer.text)
    fresh = f"/staff/payments/{(await paid(portal, '30')).id}"
    desk.features |= {Feature.PARTIAL_REFUND}
    checked = await send(browser, f"{fresh}/refund/check", {"part": "part", "amount": "7", "reason": "asked for"})
    desk.features -= {Feature.PARTIAL_REFUND}
    answer = await send(browser, f"{fresh}/refund/pay", fields(checked.text))
    assert "Dieser Anbieter erstattet nur die ganze Zahlung." in words(answer.text)


# disputes


async def test_a_dispute_and_its_locked_account(portal: Portal) -> None:
    """Seen on the start page and in the list, with its deadline; the account is opened with a reason and once."""
    order = await paid(portal, "50", "falke")
    one = await disputed(portal, order, slug="falke")
    browser = await staff(portal, "falke")
    assert "1 disputed payment is open" in words((await browser.get("/staff")).text)
    assert order.reference in words((await browser.get("/staff/disputes")).text)
    here = f"/staff/disputes/{one.id}"
    said = words((await browser.get(here)).text)
    for text in ("Answer by", "£60.00", "Money withdrawn", "The account is locked", "not authorised"):
        assert text in said
    answer = await send(browser, f"{here}/release", {"reason": ""})
    assert answer.status_code == 422
    done = await send(browser, f"{here}/release", {"reason": "a good customer"})
    assert "The account is open again." in words((await browser.get(done.headers["location"])).text)
    assert (await disputes.dispute(portal.houses["falke"].tenant.id, one.id)).froze is False
    again = await send(browser, f"{here}/release", {"reason": "a good customer"})
    assert again.status_code == 422
    customer = portal.houses["falke"].customers["C-1"]
    assert "1 automatic" not in words((await browser.get(f"/staff/customers/{customer.id}")).text)


# customers, adjustments, bonus credit


async def test_customers_are_found_with_their_balance(portal: Portal) -> None:
    """By a part of the name or number; the balance is what can be spent."""
    await paid(portal, "25", "falke", "C-2")
    browser = await staff(portal, "falke")
    said = words((await browser.get("/staff/customers?q=c-2")).text)
    assert "Praxis C-2" in said
    assert "£25.00" in said
    assert "Praxis C-1" not in said
    assert "No customer matches." in words((await browser.get("/staff/customers?kind=closed")).text)
    assert "No customer matches." in words((await browser.get("/staff/customers?kind=paused")).text)


async def test_a_small_adjustment_is_booked_at_once(portal: Portal) -> None:
    """Check page with before and after; twice the button is once the money; it leads to what was booked."""
    house = portal.houses["falke"]
    browser, here = await staff(portal, "falke"), f"/staff/customers/{house.customers['C-1'].id}"
    await browser.get(f"{here}/adjust")
    checked = await send(browser, f"{here}/adjust/check", {"direction": "credit", "amount": "5", "reason": "goodwill"})
    assert "Book +£5.00 now" in words(checked.text)
    form = fields(checked.text)
    first, second = [await send(browser, f"{here}/adjust/book", form) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert await portal.balance("falke") == 5_000_000
    said = words((await browser.get(first.headers["location"])).text)
    assert "Booked." in said
    assert "within the limit of one person" in said

    refused = await send(browser, f"{here}/adjust/check", {"direction": "", "amount": "x", "reason": "y"})
    assert refused.status_code == 422
    assert refused.text.count('class="fault"') == 3
    debit = await send(browser, f"{here}/adjust/check", {"direction": "debit", "amount": "6", "reason": "wrong one"})
    over = await send(browser, f"{here}/adjust/book", fields(debit.text))
    assert over.status_code == 422
    assert "The balance is not sufficient." in words(over.text)
    assert await portal.balance("falke") == 5_000_000


async def test_a_large_adjustment_needs_somebody_else(portal: Portal) -> None:
    """With a paper; whoever proposed it is told why not, a second person approves it, and only then it is booked."""
    house = portal.houses["falke"]
    browser, here = await staff(portal, "falke"), f"/staff/customers/{house.customers['C-1'].id}"
    await browser.get(f"{here}/adjust")
    asked = {"direction": "credit", "amount": "400", "reason": "a week without service"}
    checked = await send(browser, f"{here}/adjust/check", asked)
    assert "A second person has to approve this." in words(checked.text)
    bad = await send(
        browser,
        f"{here}/adjust/book",
        fields(checked.text),
        files={"attachment": ("x.pdf", b"MZ\x00\x01", "application/pdf")},
    )
    assert bad.status_code == 422
    assert "Only PDF, PNG" in words(bad.text)
    paper = b"Dear all,\r\nwe are sorry.\r\n"
    answer = await send(
        browser, f"{here}/adjust/book", fields(bad.text), files={"attachment": ('../le"tter.txt', paper, "text/html")}
    )
    waiting = answer.headers["location"].partition("?")[0]
    said = words((await browser.get(answer.headers["location"])).text)
    assert "Nothing is booked yet" in said
    assert "somebody else has to approve it" in said
    assert "Approve +£400.00" not in said
    assert (await send(browser, f"{waiting}/approve")).status_code == 422
    assert await portal.balance("falke") == 0
    assert "1 adjustment waits" in words((await browser.get("/staff")).text)

    second = await colleague(portal, "falke")
    assert "Approve +£400.00" in words((await second.get(waiting)).text)
    got = await second.get(f"{waiting}/attachment")
    assert got.content == paper
    assert got.headers["content-disposition"].startswith("attachment; filename=")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-type"].startswith("text/plain")
    await second.get(waiting)
    done = await send(second, f"{waiting}/approve")
    assert "Zweite Person" in words((await second.get(done.headers["location"])).text)
    assert await portal.balance("falke") == 400_000_000
    assert "Nothing waits for approval." in words((await browser.get("/staff/adjustments")).text)
    assert "a week without service" in words((await browser.get("/staff/adjustments?view=all")).text)


async def test_an_adjustment_is_rejected_with_a_reason(portal: Portal) -> None:
    """Nothing is booked, the reason stands beside it, and a second decision is refused."""
    house = portal.houses["falke"]
    made = await adjustments.propose(
        house.tenant, house.customers["C-1"], Money.of("900", "GBP"), reason="a mistake", idempotency="1",
        by=_actor(portal, "staff@example.org"),
    )  # fmt: skip
    second, here = await colleague(portal, "falke"), f"/staff/adjustments/{made.id}"
    await second.get(here)
    assert (await send(second, f"{here}/reject", {"reason": ""})).status_code == 422
    done = await send(second, f"{here}/reject", {"reason": "too much"})
    assert "too much" in words((await second.get(done.headers["location"])).text)
    assert (await send(second, f"{here}/approve", {"_csrf": token_in(await _text(second))})).status_code == 422
    assert await portal.balance("falke") == 0


async def test_bonus_credit_is_given_once(portal: Portal) -> None:
    """Until the last second of the chosen day, in the house's zone."""
    house = portal.houses["falke"]
    browser, here = await staff(portal, "falke"), f"/staff/customers/{house.customers['C-1'].id}"
    today = clock.civil_day(clock.now(), house.tenant.timezone)
    await browser.get(f"{here}/promo")
    for day in (today.isoformat(), "3000-01-01", "soon"):
        refused = await send(browser, f"{here}/promo/check", {"amount": "7", "expires": day, "reason": "welcome"})
        assert refused.status_code == 422
        assert 'href="#f-expires"' in refused.text
    last = today.replace(year=today.year + 1, day=1)
    checked = await send(
        browser, f"{here}/promo/check", {"amount": "7", "expires": last.isoformat(), "reason": "welcome"}
    )
    assert "Give £7.00 now" in words(checked.text)
    for _ in range(2):
        done = await send(browser, f"{here}/promo/grant", fields(checked.text))
        assert done.headers["location"] == f"{here}?done=promo"
    assert "Praxis C-1 has received the bonus credit." in words((await browser.get(done.headers["location"])).text)
    (one,) = await promo.of_customer(house.tenant.id, house.customers["C-1"].id)
    assert one.expires_at == promo.end_of(last, house.tenant.timezone)
    assert await portal.balance("falke") == 7_000_000


# payment providers


async def test_a_provider_is_switched_and_set(portal: Portal) -> None:
    """Off, on, settings saved and refused; the audit log has it; customers find it or not."""
    browser, here = await staff(portal, "falke"), "/staff/providers/sandbox"
    said = words((await browser.get(here)).text)
    for text in ("Test mode", "Switched on", "Pays back parts of a payment", "Delay in seconds"):
        assert text in said
    await send(browser, f"{here}/switch", {"on": "0"})
    assert "Switched off" in words((await browser.get(here)).text)
    customer = await portal.browser("falke")
    await customer.sign_in()
    assert 'name="method"' not in (await customer.get("/topup")).text
    await browser.get(here)
    done = await send(browser, f"{here}/switch", {"on": "1"})
    assert "Customers can choose it now." in words((await browser.get(done.headers["location"])).text)
    assert 'value="sandbox"' in (await customer.get("/topup")).text

    await browser.get(here)
    bad = await send(browser, f"{here}/settings", {"delay_seconds": "a while"})
    assert bad.status_code == 422
    assert 'value="a while"' in bad.text
    assert 'href="#f-delay_seconds"' in bad.text
    done = await send(browser, f"{here}/settings", {"delay_seconds": "17", "refuse_everything": "1"})
    page = (await browser.get(done.headers["location"])).text
    assert 'value="17"' in page
    assert re.search(r'name="refuse_everything" value="1" checked', page)
    tenant = portal.houses["falke"].tenant.id
    actions = [one.action for one in await audit.entries(tenant)]
    assert {"plugin.enabled", "plugin.disabled", "plugin.settings"} <= set(actions)
    assert "In order" in words((await browser.get(f"{here}?check=1")).text)
    assert (await browser.get("/staff/providers/nobody")).status_code == 404
    assert (await send(browser, f"{here}/endpoint", {"key": "stripe", "_csrf": token_in(page)})).status_code == 404


class Registrar:
    """A provider at which one can register: on a page of its own, or on one of this house."""

    def __init__(self, inner: Any, url: str) -> None:
        self._inner, self.url = inner, url

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def capabilities(self, ctx: Any) -> ProviderCapabilities:
        found: ProviderCapabilities = self._inner.capabilities(ctx)
        return replace(found, features=found.features | {Feature.ONBOARDING})

    async def start_onboarding(self, ctx: Any, return_url: str, refresh_url: str) -> OnboardingLink:
        return OnboardingLink(url=self.url)

    async def look_up_account(self, ctx: Any) -> AccountState:
        raise NotFound


async def test_staff_is_led_on_to_the_registration(portal: Portal) -> None:
    """As customers are to a payment page: elsewhere by a page of ours that leads on by itself, here at once."""
    registry = portal.app.litestar.state["host"]._providers
    plugin, real = registry.find("sandbox")
    made = Registrar(real, "https://connect.example/setup")
    registry._held["sandbox"] = (plugin, made)
    browser = await staff(portal, "falke")

    page = await send(browser, "/staff/providers/sandbox/onboarding", {"key": "sandbox"})

    assert page.status_code == 200
    assert page.headers["refresh"] == "0; url=https://connect.example/setup"
    assert "asks for your company's data on a page of its own" in words(page.text)
    assert 'aria-current="page">Payment providers' in page.text
    assert 'href="/staff/providers/sandbox">Cancel' in page.text
    made.url = "/x/sandbox/register"
    here = await send(browser, "/staff/providers/sandbox/onboarding", {"key": "sandbox"})
    assert (here.status_code, here.headers["location"]) == (303, "/x/sandbox/register")


async def test_a_dead_letter_is_tried_again(portal: Portal) -> None:
    """Counted on the start page, shown on the provider's, replayed by its button and then no longer dead."""
    tenant = portal.houses["falke"].tenant.id
    event = ProviderEvent(
        id="evt_1", kind=EventKind.PAYMENT, occurred_at=clock.now(), key=str(new_id()), type="odd.one"
    )
    identifier = await inbox.accept(tenant, "sandbox", event)
    async with db.unit(tenant):
        await db.execute(
            "update payments.inbox set dead_at = now(), last_error = 'TimeoutError: it never came'"
            " where tenant_id = $1 and id = $2", tenant, identifier,
        )  # fmt: skip
    browser = await staff(portal, "falke")
    assert "1 message of a provider could not be processed" in words((await browser.get("/staff")).text)
    said = words((await browser.get("/staff/providers/sandbox")).text)
    assert "it never came" in said
    assert "Given up" in said
    done = await send(browser, f"/staff/events/{identifier}/replay")
    assert done.headers["location"] == "/staff/providers/sandbox?done=replayed"
    assert await inbox.events(tenant, state="dead") == []
    late = await send(browser, f"/staff/events/{identifier}/replay")
    assert late.headers["location"] == "/staff/providers/sandbox/events?done=late"


def _actor(portal: Portal, email: str, slug: str = "falke") -> Any:
    return Actor("person", str(portal.houses[slug].people[email].id))


async def _text(browser: Any) -> str:
    return str((await browser.get("/settings")).text)


def test_the_rooms_are_the_staffs() -> None:
    """Every route lies below /staff and asks for the same permission."""
    assert {one.permission for one in ROUTES} == {"staff"}
    assert all(one.path.startswith("/staff") for one in ROUTES)


# limits


async def test_limits_of_a_customer_and_of_all(portal: Portal) -> None:
    """What is typed is kept, shown as used, and held by call control; a blank field lifts."""
    house = portal.houses["nordstern"]
    customer = house.customers["C-1"]
    await paid(portal, "50")
    browser = await staff(portal)
    room = f"/staff/customers/{customer.id}"
    assert "Für diesen Kunden" in (await browser.get(room)).text or "No limits are set" in browser.page

    typed = {"concurrent": "2", "longest": "90", "day_soft": "10,00", "day_hard": "20", "month_hard": "250,5"}
    done = await send(browser, f"{room}/limits", typed)
    assert (done.status_code, done.headers["location"]) == (303, f"{room}?done=limits")
    page = words((await browser.get(done.headers["location"])).text)
    assert "0 of 2" in page or "0 von 2" in page
    assert browser.page.count("<meter") == 3
    assert "style=" not in browser.page.partition("<main")[2]
    assert 'value="250,50"' in (await browser.get(f"{room}/limits")).text
    [(_, subject, kept)] = await limits.caps_of(house.tenant.id)
    assert subject == str(customer.wallet_id)
    assert kept == limits.Caps(
        concurrent=2, longest=90, day_soft=10_000_000, day_hard=20_000_000, month_hard=250_500_000
    )
    await send(browser, f"{room}/limits", {"month_hard": " "})
    assert await limits.caps_of(house.tenant.id) == [("customer", subject, limits.Caps())]

    done = await send(browser, "/staff/limits", {"per_second": "3"})
    assert done.headers["location"] == "/staff/limits?done=limits"
    assert 'value="3"' in (await browser.get("/staff/limits?done=limits")).text
    assert (await limits.caps_of(house.tenant.id))[0] == ("reseller", "", limits.Caps(per_second=3))


async def test_limits_that_cannot_be(portal: Portal) -> None:
    """Each at its field with what was typed; nothing is changed."""
    house = portal.houses["falke"]
    browser = await staff(portal, "falke")
    typed = {
        "concurrent": "-1", "per_second": "many", "longest": "0", "day_soft": "2", "day_hard": "1",
        "week_soft": "1.234", "week_hard": "<b>", "month_soft": "9999999999999",
    }  # fmt: skip
    for path in ("/staff/limits", f"/staff/customers/{house.customers['C-1'].id}/limits"):
        answer = await send(browser, path, typed)
        assert answer.status_code == 422
        faults = re.findall(r'<a href="#f-(\w+)">', answer.text.partition('class="faults"')[2].partition("</ul>")[0])
        assert set(faults) == {
            "concurrent", "per_second", "longest", "day_soft", "week_soft", "week_hard", "month_soft"
        }  # fmt: skip
        assert 'value="many"' in answer.text
        assert "&lt;b&gt;" in answer.text
    assert await limits.caps_of(house.tenant.id) == []
    theirs = portal.houses["nordstern"].customers["C-1"].id
    assert (await browser.get(f"/staff/customers/{theirs}/limits")).status_code == 404
    assert (await send(browser, f"/staff/customers/{theirs}/limits", {"concurrent": "0"})).status_code == 404
    assert await limits.caps_of(portal.houses["nordstern"].tenant.id) == []


async def test_a_reseller_that_pays_in_advance_sees_its_balance(portal: Portal) -> None:
    """On the start page, and only there where it pays in advance."""
    house = portal.houses["falke"]
    browser = await staff(portal, "falke")
    assert "Your own balance" not in (await browser.get("/staff")).text
    house.tenant = await update_tenant(
        house.tenant.id, by=OPERATOR, settings=structs.replace(house.tenant.settings, funding="prepaid")
    )
    assert "no call of any customer is connected" in words((await browser.get("/staff")).text)
    await funding.credit(house.tenant, Money.of("1250", "GBP"), reason="transfer of 1 March", key="1", by=OPERATOR)
    page = words((await browser.get("/staff")).text)
    assert "£1,250.00" in page
    assert "is used up" not in page
