"""The Stripe stand-in's pages: a browser (or a hand) chooses, and the checkout goes on as Stripe's would."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe
from stripe_spec import Bench

from askpro.testing.stripe import Fault

pytestmark = pytest.mark.anyio

SUCCESS = "https://askpro.test/paid?session={CHECKOUT_SESSION_ID}"


@pytest.fixture
def bench() -> Bench:
    return Bench(seed=2)


async def _session(bench: Bench, **more: Any) -> stripe.checkout.Session:
    params: Any = {
        "mode": "payment",
        "success_url": SUCCESS,
        "cancel_url": "https://askpro.test/cancelled",
        "line_items": [
            {"quantity": 2, "price_data": {"currency": "eur", "unit_amount": 2500, "product_data": {"name": "Credit"}}}
        ],
        "payment_intent_data": {"metadata": {"order": "o1"}, "description": "Credit"},
        "client_reference_id": "o1",
        **more,
    }
    return await bench.api.checkout.sessions.create_async(params)


async def _setup(bench: Bench, customer: str, *kinds: str) -> stripe.checkout.Session:
    return await bench.api.checkout.sessions.create_async(
        {
            "mode": "setup",
            "success_url": SUCCESS,
            "customer": customer,
            "payment_method_types": list(kinds),
            "setup_intent_data": {"metadata": {"consent": "v1"}},
        }
    )


async def _press(browser: httpx.AsyncClient, url: str, **form: str) -> httpx.Response:
    return await browser.post(url, data={"do": "pay", "email": "ada@example.com", **form})


async def test_a_card_pays_on_the_page(bench: Bench) -> None:
    """The page leads back with the session's id; the intent carries our metadata; events in Stripe's order."""
    session = await _session(bench)
    assert (session.payment_intent, session.status, session.amount_total) == (None, "open", 5000)

    async with bench.browser() as browser:
        page = await browser.get(str(session.url))
        answer = await _press(browser, str(session.url), method="pm_card_visa")
        again = await browser.get(str(session.url))

    assert "Pay 50.00 eur" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    for one in (answer, again):
        assert one.headers["location"] == f"https://askpro.test/paid?session={session.id}"
    session = await bench.api.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert session.payment_intent.metadata["order"] == "o1"
    assert session.customer_details is not None
    assert session.customer_details.email == "ada@example.com"
    assert session.line_items is not None
    assert [one.amount_total for one in session.line_items.data] == [5000]
    assert bench.kinds() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


async def test_a_declined_customer_tries_again(bench: Bench) -> None:
    """The page shows the bank's words and stays open; the second card pays the same intent, once."""
    session = await _session(bench)

    async with bench.browser() as browser:
        declined = await _press(browser, str(session.url), method="pm_card_chargeDeclinedInsufficientFunds")
        open_still = await bench.api.checkout.sessions.retrieve_async(session.id)
        paid = await _press(browser, str(session.url), method="pm_card_visa")

    assert declined.status_code == 200  # a page like any other: a browser would log anything else as an error
    assert "Your card has insufficient funds." in declined.text
    assert (open_still.status, paid.status_code) == ("open", 303)
    assert len((await bench.api.payment_intents.list_async()).data) == 1
    assert bench.lines() == [("charge", 5000, 100)]


@pytest.mark.parametrize("passed", [True, False])
async def test_the_bank_asks_on_the_page(bench: Bench, passed: bool) -> None:
    """3-D Secure stands between the page and its end; who fails comes back to the page."""
    session = await _session(bench)

    async with bench.browser() as browser:
        asked = await _press(browser, str(session.url), method="pm_card_authenticationRequired")
        done = await browser.post(asked.headers["location"], data={"do": "complete" if passed else "fail"})

    assert "/3ds/pi_" in asked.headers["location"]
    after = await bench.api.checkout.sessions.retrieve_async(session.id)
    if passed:
        assert done.headers["location"] == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)
        assert (after.status, after.payment_status) == ("complete", "paid")
    else:
        assert done.headers["location"] == session.url
        assert (after.status, bench.lines()) == ("open", [])
    assert "payment_intent.requires_action" in bench.kinds()


@pytest.mark.parametrize(
    ("outcome", "paid", "event"),
    [
        ("succeeded", "paid", "checkout.session.async_payment_succeeded"),
        ("insufficient_funds", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
async def test_a_debit_is_complete_and_not_yet_paid(bench: Bench, outcome: str, paid: str, event: str) -> None:
    """Complete but unpaid at first; days later the session follows its intent."""
    session = await _session(bench, payment_method_types=["card", "sepa_debit"])
    bench.standin.pay(session.id, "pm_held_de")
    pending = await bench.api.checkout.sessions.retrieve_async(session.id)
    assert (pending.status, pending.payment_status) == ("complete", "unpaid")
    assert bench.kinds()[-1] == "checkout.session.completed"

    bench.standin.settle_sepa(str(pending.payment_intent), outcome)

    assert (await bench.api.checkout.sessions.retrieve_async(session.id)).payment_status == paid
    assert bench.kinds()[-1] == event


async def test_pages_expire(bench: Bench) -> None:
    """By themselves after their time, by the API, or by the customer; then nobody can pay."""
    short = await _session(bench, expires_at=bench.standin.world.clock.now() + 1800)
    called = await _session(bench)
    left = await _session(bench)
    with pytest.raises(Fault):
        bench.standin.pay(left.id, "pm_card_chargeDeclined")
    bench.standin.advance(1800)
    await bench.api.checkout.sessions.expire_async(called.id)
    async with bench.browser() as browser:
        gone = await browser.post(str(left.url), data={"do": "expire"})
        page = await browser.get(str(short.url))

    assert (gone.status_code, page.status_code) == (410, 410)
    assert 'href="https://askpro.test/cancelled"' in page.text
    for one in (short, called, left):
        assert (await bench.api.checkout.sessions.retrieve_async(one.id)).status == "expired"
    intent = (await bench.api.payment_intents.list_async()).data[0]
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    assert bench.kinds().count("checkout.session.expired") == 3
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        await bench.api.checkout.sessions.expire_async(called.id)
    with pytest.raises(Fault):
        bench.standin.pay(short.id)


async def test_a_method_is_saved(bench: Bench) -> None:
    """Setup mode attaches the method to its customer, by card, by 3-D Secure and by debit, without a payment."""
    customer = await bench.api.customers.create_async({"email": "ada@example.com"})
    card, asked, debit = [
        await _setup(bench, customer.id, *kinds) for kinds in (["card"], ["card"], ["card", "sepa_debit"])
    ]
    bench.standin.pay(card.id)
    waiting = bench.standin.pay(asked.id, "pm_card_authenticationRequiredOnSetup")
    bench.standin.authenticate(waiting["setup_intent"])
    bench.standin.pay(debit.id, "pm_held_de")

    methods = (await bench.api.payment_methods.list_async({"customer": customer.id})).data
    assert [one.type for one in methods] == ["sepa_debit", "card", "card"]
    for one in (card, asked, debit):
        session = await bench.api.checkout.sessions.retrieve_async(one.id, {"expand": ["setup_intent.payment_method"]})
        assert (session.status, session.payment_status) == ("complete", "no_payment_required")
        assert isinstance(session.setup_intent, stripe.SetupIntent)
        assert session.setup_intent.metadata
        assert session.setup_intent.metadata["consent"] == "v1"
    assert bench.lines() == []
    assert bench.kinds().count("setup_intent.succeeded") == 3
    assert bench.kinds().count("checkout.session.completed") == 3


async def test_a_payment_saves_its_method(bench: Bench) -> None:
    """With setup_future_usage always, with payment_method_save if the customer ticks it; the page then offers it."""
    customer = await bench.api.customers.create_async({"email": "ada@example.com"})
    always = await _session(bench, customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"})
    bench.standin.pay(always.id)
    asked = await _session(bench, customer=customer.id, saved_payment_method_options={"payment_method_save": "enabled"})
    bench.standin.pay(asked.id, "pm_card_mastercard", save=True)
    third = await _session(bench, customer=customer.id)
    methods = (await bench.api.payment_methods.list_async({"customer": customer.id})).data

    async with bench.browser() as browser:
        page = await browser.get(str(third.url))
        paid = await _press(browser, str(third.url), method=methods[0].id)

    assert len(methods) == 2
    assert "Saved card ending in 4444" in page.text
    assert "Save for next time" not in page.text
    assert paid.status_code == 303
    assert len((await bench.api.payment_methods.list_async({"customer": customer.id})).data) == 2


async def test_a_customer_is_made_on_the_way(bench: Bench) -> None:
    """Where no customer is given and one is wanted, the page makes it."""
    session = await _session(bench, customer_creation="always", customer_email="ada@example.com")
    bench.standin.pay(session.id)

    session = await bench.api.checkout.sessions.retrieve_async(session.id, {"expand": ["customer"]})

    assert isinstance(session.customer, stripe.Customer)
    assert session.customer.email == "ada@example.com"


@pytest.mark.parametrize(
    "change",
    [
        {"line_items": []},
        {"payment_intent_data": {"application_fee_amount": 100}},
        {"setup_intent_data": {"description": "x"}},
        {"expires_at": 1},
        {"customer": "cus_nobody"},
        {"payment_method_types": ["paypal"]},
        {"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 10,
                                                       "product_data": {"name": "Credit"}}}]},
    ],
)  # fmt: skip
async def test_sessions_that_cannot_be(bench: Bench, change: dict[str, Any]) -> None:
    """Refused before a page is made, or at the latest when somebody wants to pay on it."""
    with pytest.raises((stripe.InvalidRequestError, Fault)):
        bench.standin.pay((await _session(bench, **change)).id)

    assert bench.lines() == []


async def test_sessions_are_found_again(bench: Bench) -> None:
    """By intent and by state: what a janitor asks who lost an answer."""
    first, second = await _session(bench), await _session(bench)
    bench.standin.pay(second.id)
    paid = await bench.api.checkout.sessions.retrieve_async(second.id)

    found = await bench.api.checkout.sessions.list_async({"payment_intent": str(paid.payment_intent)})
    waiting = await bench.api.checkout.sessions.list_async({"status": "open"})
    items = await bench.api.checkout.sessions.line_items.list_async(second.id)

    assert [one.id for one in found.data] == [second.id]
    assert [one.id for one in waiting.data] == [first.id]
    assert [one.description for one in items.data] == ["Credit"]


async def test_the_portal(bench: Bench) -> None:
    """The customer adds, chooses and removes methods, and returns to us."""
    customer = await bench.api.customers.create_async({"name": "Ada <b>", "payment_method": "pm_card_visa"})
    session = await bench.api.billing_portal.sessions.create_async(
        {"customer": customer.id, "return_url": "https://askpro.test/wallet", "locale": "de"}
    )
    [first] = (await bench.api.payment_methods.list_async({"customer": customer.id})).data

    async with bench.browser() as browser:
        await browser.post(session.url, data={"do": "add", "method": "pm_card_mastercard"})
        await browser.post(session.url, data={"do": "default", "method": first.id})
        page = await browser.get(session.url)
        await browser.post(session.url, data={"do": "remove", "method": first.id})

    assert "Ada &lt;b&gt;" in page.text
    assert 'href="https://askpro.test/wallet"' in page.text
    left = (await bench.api.payment_methods.list_async({"customer": customer.id})).data
    assert [one.card.brand for one in left if one.card] == ["mastercard"]
    assert bench.kinds()[-3:] == ["customer.updated", "customer.updated", "payment_method.detached"]


async def test_portal_settings(bench: Bench) -> None:
    """A configuration is made, changed, used and listed; without a way back there is no session."""
    made = await bench.api.billing_portal.configurations.create_async(
        {"features": {"payment_method_update": {"enabled": True}}, "default_return_url": "https://askpro.test/"}
    )
    await bench.api.billing_portal.configurations.update_async(made.id, {"business_profile": {"headline": "Hello"}})
    customer = await bench.api.customers.create_async()
    session = await bench.api.billing_portal.sessions.create_async(
        {"customer": customer.id, "configuration": made.id, "flow_data": {"type": "payment_method_update"}}
    )

    assert (session.configuration, session.return_url) == (made.id, "https://askpro.test/")
    assert len((await bench.api.billing_portal.configurations.list_async()).data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        await bench.api.billing_portal.sessions.create_async({"customer": customer.id})
    assert "billing_portal.configuration.created" in bench.kinds()


async def test_the_desk_of_a_demo(bench: Bench) -> None:
    """What waits for a bank is shown with a button, and the button does it."""
    session = await _session(bench)
    bench.standin.pay(session.id, "pm_held_de")
    intent = str((await bench.api.checkout.sessions.retrieve_async(session.id)).payment_intent)

    async with bench.browser() as browser:
        page = await browser.get("/_standin")
        await browser.post("/_standin", data={"thing": intent, "do": "succeeded"})
        await browser.post("/_standin", data={"do": "advance:604800"})
        nothing = await browser.get("/c/pay/cs_nothing")

    assert intent in page.text
    assert (await bench.api.payment_intents.retrieve_async(intent)).status == "succeeded"
    assert (await bench.api.balance.retrieve_async()).available[0].amount == 5000 - 35
    assert nothing.status_code == 404
