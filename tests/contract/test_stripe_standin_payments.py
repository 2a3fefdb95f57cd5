"""The Stripe stand-in: cards, debits, saved methods, refunds and disputes, through stripe-python and under the spec."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from stripe_spec import MANDATE, Bench, card_payment

from askpro.testing.stripe import Fault

pytestmark = pytest.mark.anyio


@pytest.fixture
def bench() -> Bench:
    return Bench(seed=1)


async def test_a_card_pays(bench: Bench) -> None:
    """The intent succeeds, its charge costs 1.5 % and 0.25, and the events come in Stripe's order."""
    customer = await bench.api.customers.create_async({"email": "ada@example.com", "metadata": {"wallet": "w1"}})
    intent = await bench.api.payment_intents.create_async(
        card_payment(
            customer=customer.id, metadata={"order": "o1"}, expand=["latest_charge.balance_transaction", "customer"]
        )
    )

    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert isinstance(intent.customer, stripe.Customer)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert (intent.latest_charge.balance_transaction.fee, intent.latest_charge.balance_transaction.net) == (55, 1945)
    assert bench.kinds() == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("method", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_a_card_is_declined(bench: Bench, method: str, code: str, decline: str) -> None:
    """A CardError with both codes; the intent waits for another method and has a failed charge."""
    with pytest.raises(stripe.CardError) as caught:
        await bench.api.payment_intents.create_async(card_payment(method=method))

    error: Any = caught.value.error
    assert (caught.value.http_status, caught.value.code, error.decline_code) == (402, code, decline)
    intent = await bench.api.payment_intents.retrieve_async(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.status, intent.latest_charge.paid) == ("failed", False)
    assert bench.kinds()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    assert bench.lines() == []


async def test_a_declined_intent_can_be_paid_otherwise(bench: Bench) -> None:
    """After a decline the same intent takes another card; it is charged once."""
    with pytest.raises(stripe.CardError) as caught:
        await bench.api.payment_intents.create_async(card_payment(method="pm_card_chargeDeclined"))
    identifier = str(caught.value.error and caught.value.error.payment_intent["id"])

    intent = await bench.api.payment_intents.confirm_async(identifier, {"payment_method": "pm_card_visa"})

    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    assert bench.lines() == [("charge", 2000, 55)]


async def test_a_saved_card_that_declines_later(bench: Bench) -> None:
    """Card 0341 can be saved and fails when it is charged: what auto-top-up meets."""
    customer = await bench.api.customers.create_async({"payment_method": "pm_card_chargeCustomerFail"})
    [method] = (await bench.api.payment_methods.list_async({"customer": customer.id, "type": "card"})).data

    with pytest.raises(stripe.CardError, match="declined"):
        await bench.api.payment_intents.create_async(
            card_payment(method=method.id, customer=customer.id, off_session=True, error_on_requires_action=True)
        )
    with pytest.raises(stripe.CardError):
        await bench.api.payment_methods.attach_async("pm_card_chargeDeclined", {"customer": customer.id})


async def test_a_bank_that_always_asks(bench: Bench) -> None:
    """Off-session such a card fails with authentication_required, saved or not."""
    customer = await bench.api.customers.create_async({"payment_method": "pm_card_authenticationRequired"})
    [method] = (await bench.api.customers.payment_methods.list_async(customer.id)).data

    with pytest.raises(stripe.CardError) as caught:
        await bench.api.payment_intents.create_async(
            card_payment(method=method.id, customer=customer.id, off_session=True, error_on_requires_action=True)
        )

    assert caught.value.code == "authentication_required"
    intent: Any = caught.value.error and caught.value.error.payment_intent
    assert intent["status"] == "requires_payment_method"


async def test_a_bank_that_asks_once(bench: Bench) -> None:
    """Set up with its customer present, the card pays off-session; before, it does not."""
    customer = await bench.api.customers.create_async()
    setup = await bench.api.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "payment_method_types": ["card"],
            "confirm": True,
            "return_url": "https://askpro.test/back",
            "usage": "off_session",
        }
    )
    assert setup.status == "requires_action"
    assert setup.next_action is not None
    assert setup.next_action.redirect_to_url is not None
    bench.standin.authenticate(setup.id)
    setup = await bench.api.setup_intents.retrieve_async(setup.id)
    assert setup.status == "succeeded"

    paid = await bench.api.payment_intents.create_async(
        card_payment(method=str(setup.payment_method), customer=customer.id, off_session=True)
    )
    unknown = await bench.api.customers.create_async({"payment_method": "pm_card_authenticationRequiredOnSetup"})
    [other] = (await bench.api.payment_methods.list_async({"customer": unknown.id})).data

    assert paid.status == "succeeded"
    with pytest.raises(stripe.CardError, match="authentication"):
        await bench.api.payment_intents.create_async(
            card_payment(method=other.id, customer=unknown.id, off_session=True)
        )
    kinds = bench.kinds()
    assert {"setup_intent.created", "setup_intent.requires_action", "setup_intent.succeeded"} <= set(kinds)
    assert "payment_method.attached" in kinds


@pytest.mark.parametrize(("passed", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
async def test_three_d_secure(bench: Bench, passed: bool, status: str) -> None:
    """With the customer present the intent waits at the bank's page, and goes on as the bank says."""
    intent = await bench.api.payment_intents.create_async(
        card_payment(method="pm_card_threeDSecure2Required", return_url="https://askpro.test/back?x=1")
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None

    async with bench.browser() as browser:
        url = str(intent.next_action.redirect_to_url.url)
        shown = await browser.get(url)
        answer = await browser.post(url, data={"do": "complete" if passed else "fail"})

    assert "3-D Secure" in shown.text
    assert answer.headers["location"].startswith(f"https://askpro.test/back?x=1&payment_intent={intent.id}&")
    assert (await bench.api.payment_intents.retrieve_async(intent.id)).status == status
    assert "payment_intent.requires_action" in bench.kinds()


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("eur", 49, "amount_too_small"),
        ("jpy", 49, "amount_too_small"),
        ("eur", 100_000_000, "amount_too_large"),
        ("eur", 0, "parameter_invalid_integer"),
        ("kwd", 7235, None),
        ("xxx", 500, None),
    ],
)
async def test_amounts_that_cannot_be_charged(bench: Bench, currency: str, amount: int, code: str | None) -> None:
    """Too little, too much, a digit too many for a bank, an unknown currency: refused before anything is made."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await bench.api.payment_intents.create_async(card_payment(amount, currency=currency))

    assert (caught.value.http_status, caught.value.code) == (400, code)
    assert (await bench.api.payment_intents.list_async()).data == []
    assert bench.kinds() == []


@pytest.mark.parametrize(("currency", "amount", "fee"), [("eur", 50, 26), ("jpy", 1250, 19), ("kwd", 7240, 359)])
async def test_amounts_with_other_exponents(bench: Bench, currency: str, amount: int, fee: int) -> None:
    """Two, no and three decimals: the amount is what was asked, the fee in the same unit."""
    await bench.api.payment_intents.create_async(card_payment(amount, currency=currency))

    assert bench.lines() == [("charge", amount, fee)]


async def _debit(bench: Bench, iban: str, **more: Any) -> stripe.PaymentIntent:
    method = await bench.api.payment_methods.create_async(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": iban},
            "billing_details": {"name": "Ada Lovelace", "email": "ada@example.com"},
        }
    )
    return await bench.api.payment_intents.create_async(
        card_payment(method=method.id, payment_method_types=["sepa_debit"], mandate_data=MANDATE, **more)
    )


async def test_a_debit_is_paid_days_later(bench: Bench) -> None:
    """A debit is processing until its bank answers; the money is not there before."""
    intent = await _debit(bench, "DE02120300000000202051")
    assert intent.status == "processing"
    assert bench.lines() == []

    bench.standin.advance(5 * 86_400)
    assert (await bench.api.payment_intents.retrieve_async(intent.id)).status == "processing"
    bench.standin.settle_sepa(intent.id)

    intent = await bench.api.payment_intents.retrieve_async(intent.id, {"expand": ["latest_charge"]})
    assert intent.status == "succeeded"
    assert isinstance(intent.latest_charge, stripe.Charge)
    details: Any = intent.latest_charge.payment_method_details
    assert (await bench.api.mandates.retrieve_async(details.sepa_debit.mandate)).status == "active"
    assert bench.lines() == [("payment", 2000, 35)]
    assert bench.kinds()[-4:] == [
        "charge.pending",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("iban", "status", "last"),
    [
        ("DE89370400440532013000", "succeeded", "payment_intent.succeeded"),
        ("DE62370400440532013001", "requires_payment_method", "payment_intent.payment_failed"),
        ("DE78370400440532013004", "requires_payment_method", "payment_intent.payment_failed"),
        ("DE35370400440532013002", "succeeded", "charge.dispute.closed"),
    ],
)
async def test_banks_that_answer_by_themselves(bench: Bench, iban: str, status: str, last: str) -> None:
    """Stripe's test accounts: paid, returned, returned after three minutes, paid and disputed for good."""
    intent = await _debit(bench, iban)
    assert intent.status == "processing"

    bench.standin.advance(180)

    assert (await bench.api.payment_intents.retrieve_async(intent.id)).status == status
    assert bench.kinds()[-1] == last


async def test_a_debit_needs_a_mandate_and_euros(bench: Bench) -> None:
    """Neither without the customer's leave nor in another currency."""
    with pytest.raises(stripe.InvalidRequestError, match="mandate"):
        await bench.api.payment_intents.create_async(
            card_payment(method="pm_success_de", payment_method_types=["sepa_debit"])
        )
    with pytest.raises(stripe.InvalidRequestError, match="usd"):
        await bench.api.payment_intents.create_async(
            card_payment(method="pm_success_de", payment_method_types=["sepa_debit"], currency="usd")
        )
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await _debit(bench, "DE00120300000000202051")
    assert caught.value.code == "invalid_bank_account_iban"


async def test_a_saved_debit_is_charged_again(bench: Bench) -> None:
    """The mandate given once covers later debits, until the method is removed."""
    customer = await bench.api.customers.create_async()
    setup = await bench.api.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_held_de",
            "payment_method_types": ["sepa_debit"],
            "confirm": True,
            "mandate_data": MANDATE,
        }
    )
    later: Any = {"customer": customer.id, "off_session": True, "payment_method_types": ["sepa_debit"]}
    intent = await bench.api.payment_intents.create_async(card_payment(method=str(setup.payment_method), **later))

    await bench.api.payment_methods.detach_async(str(setup.payment_method))

    assert (setup.status, intent.status) == ("succeeded", "processing")
    assert (await bench.api.mandates.retrieve_async(str(setup.mandate))).status == "inactive"
    with pytest.raises(stripe.InvalidRequestError):
        await bench.api.payment_intents.create_async(card_payment(method=str(setup.payment_method), **later))
    assert bench.kinds()[-2:] == ["mandate.updated", "payment_method.detached"]


async def test_saved_methods_are_listed_chosen_and_removed(bench: Bench) -> None:
    """By type; only an attached one can be the default; a removed one is nobody's default and never comes back."""
    customer = await bench.api.customers.create_async({"payment_method": "pm_card_visa"})
    second = await bench.api.payment_methods.attach_async("pm_card_mastercard", {"customer": customer.id})
    stranger = await bench.api.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    default: Any = {"invoice_settings": {"default_payment_method": second.id}}

    assert (await bench.api.customers.update_async(customer.id, default)).invoice_settings.default_payment_method == (
        second.id
    )
    with pytest.raises(stripe.InvalidRequestError, match="attached"):
        await bench.api.customers.update_async(
            customer.id, {"invoice_settings": {"default_payment_method": stranger.id}}
        )
    assert len((await bench.api.payment_methods.list_async({"customer": customer.id, "type": "card"})).data) == 2
    assert (await bench.api.payment_methods.list_async({"customer": customer.id, "type": "sepa_debit"})).data == []

    await bench.api.payment_methods.detach_async(second.id)

    customer = await bench.api.customers.retrieve_async(customer.id)
    assert customer.invoice_settings is not None
    assert customer.invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        await bench.api.payment_methods.attach_async(second.id, {"customer": customer.id})
    updated = await bench.api.payment_methods.update_async(
        (await bench.api.payment_methods.list_async({"customer": customer.id})).data[0].id,
        {"card": {"exp_month": 1, "exp_year": 2041}, "billing_details": {"name": "Ada"}, "metadata": {"a": "b"}},
    )
    assert updated.card is not None
    assert (updated.card.exp_month, updated.billing_details.name) == (1, "Ada")
    assert "payment_method.updated" in bench.kinds()


async def test_a_method_is_its_customers(bench: Bench) -> None:
    """One customer's card pays for nobody else, and an unsaved one pays once."""
    owner = await bench.api.customers.create_async({"payment_method": "pm_card_visa"})
    other = await bench.api.customers.create_async()
    [method] = (await bench.api.payment_methods.list_async({"customer": owner.id})).data
    once = await bench.api.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    await bench.api.payment_intents.create_async(card_payment(method=once.id))

    for params in (
        card_payment(method=method.id),
        card_payment(method=method.id, customer=other.id),
        card_payment(method=once.id),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await bench.api.payment_intents.create_async(params)
    assert len(bench.lines()) == 1


async def test_a_customer_is_deleted(bench: Bench) -> None:
    """It answers as deleted, its methods are gone, and nothing can be charged to it."""
    customer = await bench.api.customers.create_async({"payment_method": "pm_card_visa", "name": "Ada"})
    await bench.api.customers.delete_async(customer.id)

    assert (await bench.api.customers.retrieve_async(customer.id)).deleted
    with pytest.raises(stripe.InvalidRequestError):
        await bench.api.payment_intents.create_async(card_payment(customer=customer.id))
    assert bench.kinds()[-2:] == ["payment_method.detached", "customer.deleted"]


async def test_refunds_never_exceed_the_payment(bench: Bench) -> None:
    """Partial refunds add up to the charge, by intent or by charge; then there is nothing left."""
    intent = await bench.api.payment_intents.create_async(card_payment())
    first = await bench.api.refunds.create_async(
        {"payment_intent": intent.id, "amount": 500, "reason": "requested_by_customer", "metadata": {"refund": "r1"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await bench.api.refunds.create_async({"payment_intent": intent.id, "amount": 1501})
    rest = await bench.api.refunds.create_async({"charge": str(intent.latest_charge)})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await bench.api.refunds.create_async({"payment_intent": intent.id})

    assert (first.status, rest.amount, caught.value.code) == ("succeeded", 1500, "charge_already_refunded")
    charge = await bench.api.charges.retrieve_async(str(intent.latest_charge), {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (2000, True)
    assert charge.refunds is not None
    assert [one.id for one in charge.refunds.data] == [rest.id, first.id]
    assert bench.lines() == [("charge", 2000, 55), ("refund", -500, 0), ("refund", -1500, 0)]
    assert bench.kinds().count("charge.refunded") == 2


async def test_refunds_that_take_time_or_fail(bench: Bench) -> None:
    """A pending one arrives days later; a failed one brings the money back."""
    late = await bench.api.payment_intents.create_async(card_payment(method="pm_card_pendingRefund"))
    failing = await bench.api.payment_intents.create_async(card_payment(method="pm_card_refundFail"))
    pending = await bench.api.refunds.create_async({"payment_intent": late.id})
    doomed = await bench.api.refunds.create_async({"payment_intent": failing.id, "amount": 700})
    assert (pending.status, doomed.status) == ("pending", "succeeded")

    bench.standin.advance(5 * 86_400)

    assert (await bench.api.refunds.retrieve_async(pending.id)).status == "succeeded"
    doomed = await bench.api.refunds.retrieve_async(doomed.id, {"expand": ["failure_balance_transaction"]})
    assert (doomed.status, doomed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (await bench.api.charges.retrieve_async(str(failing.latest_charge))).amount_refunded == 0
    assert {"refund.created", "refund.updated", "charge.refund.updated", "refund.failed"} <= set(bench.kinds())
    assert sum(amount for kind, amount, _ in bench.lines() if kind == "refund_failure") == 700


@pytest.mark.parametrize(("outcome", "left"), [("won", 2000 - 55 - 2000), ("lost", -55 - 2000)])
async def test_a_dispute(bench: Bench, outcome: str, left: int) -> None:
    """The money goes at once, comes back only if the dispute is won, and the fee stays gone."""
    intent = await bench.api.payment_intents.create_async(card_payment())
    made = bench.standin.dispute(intent.id, reason="fraudulent")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await bench.api.refunds.create_async({"payment_intent": intent.id})
    [dispute] = (await bench.api.disputes.list_async({"payment_intent": intent.id})).data
    await bench.api.disputes.update_async(dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": True})
    assert (await bench.api.disputes.retrieve_async(dispute.id)).status == "under_review"

    bench.standin.close_dispute(made["id"], outcome)

    assert caught.value.code == "charge_disputed"
    assert (await bench.api.disputes.retrieve_async(dispute.id, {"expand": ["charge"]})).status == outcome
    assert sum(amount - fee for _, amount, fee in bench.lines()) == left
    tail = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated"]
    tail += ["charge.dispute.closed"] + (["charge.dispute.funds_reinstated"] if outcome == "won" else [])
    assert bench.kinds()[-len(tail) :] == tail


async def test_disputes_by_card_and_by_word(bench: Bench) -> None:
    """Card 0259 disputes by itself, 1976 only asks; Stripe's magic words decide; a closed one is lost."""
    disputed = await bench.api.payment_intents.create_async(card_payment(method="pm_card_createDispute"))
    asked = await bench.api.payment_intents.create_async(card_payment(method="pm_card_createDisputeInquiry"))
    [dispute] = (await bench.api.disputes.list_async({"charge": str(disputed.latest_charge)})).data
    [inquiry] = (await bench.api.disputes.list_async({"payment_intent": asked.id})).data

    won = await bench.api.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    closed = await bench.api.disputes.close_async(inquiry.id)

    assert (won.status, inquiry.status, closed.status) == ("won", "warning_needs_response", "warning_closed")
    with pytest.raises(stripe.InvalidRequestError):
        await bench.api.disputes.close_async(dispute.id)


async def test_intents_are_updated_and_cancelled(bench: Bench) -> None:
    """While nothing is paid; afterwards Stripe says in which state it is."""
    intent = await bench.api.payment_intents.create_async(
        {"amount": 1000, "currency": "EUR", "automatic_payment_methods": {"enabled": True}, "description": "Credit"}
    )
    intent = await bench.api.payment_intents.update_async(intent.id, {"amount": 1200, "metadata": {"a": "1"}})
    assert (intent.amount, intent.currency) == (1200, "eur")
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        await bench.api.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    intent = await bench.api.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})
    assert intent.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await bench.api.payment_intents.confirm_async(
            intent.id, {"payment_method": "pm_card_visa", "return_url": "https://askpro.test/"}
        )
    assert caught.value.code == "payment_intent_unexpected_state"
    setup = await bench.api.setup_intents.create_async({"payment_method_types": ["card"]})
    assert (await bench.api.setup_intents.cancel_async(setup.id)).status == "canceled"


async def test_money_becomes_available_and_is_paid_out(bench: Bench) -> None:
    """After a week it can leave; a payout arrives, fails and comes back, or is called off."""
    await bench.api.payment_intents.create_async(card_payment(10_000))
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await bench.api.payouts.create_async({"amount": 1000, "currency": "eur"})
    assert caught.value.code == "balance_insufficient"
    bench.standin.advance(7 * 86_400)

    arrived = await bench.api.payouts.create_async({"amount": 3000, "currency": "eur", "metadata": {"run": "1"}})
    failed = await bench.api.payouts.create_async({"amount": 2000, "currency": "eur"})
    recalled = await bench.api.payouts.create_async({"amount": 1000, "currency": "eur"})
    bench.standin.settle_payout(failed.id, "account_closed")
    await bench.api.payouts.cancel_async(recalled.id)
    bench.standin.advance(2 * 86_400)

    payouts = {one.id: one.status for one in (await bench.api.payouts.list_async()).data}
    assert payouts == {arrived.id: "paid", failed.id: "failed", recalled.id: "canceled"}
    balance = await bench.api.balance.retrieve_async()
    assert [(one.amount, one.currency) for one in balance.available] == [(10_000 - 175 - 3000, "eur")]
    assert {"payout.created", "payout.paid", "payout.failed", "payout.canceled"} <= set(bench.kinds())


def test_the_hands_know_only_what_is_there(bench: Bench) -> None:
    """A hand on nothing is a mistake in the test, not a silent success."""
    with pytest.raises(LookupError):
        bench.standin.settle_sepa("pi_nothing")
    with pytest.raises(KeyError):
        bench.standin.onboard("acct_nothing")
    assert issubclass(Fault, Exception)
