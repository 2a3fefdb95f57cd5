"""The Stripe stand-in's Connect: accounts, onboarding, application fees, transfers, and who may see what."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from stripe_spec import Bench, card_payment

pytestmark = pytest.mark.anyio


@pytest.fixture
def bench() -> Bench:
    return Bench(seed=3)


CONTROLLER: Any = {
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "express"},
}


async def _account(bench: Bench, *, ready: bool = True) -> str:
    made = await bench.api.accounts.create_async(
        {
            "country": "DE",
            "email": "nordstern@example.com",
            "controller": CONTROLLER,
            "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
            "business_profile": {"name": "Nordstern", "mcc": "4814"},
            "metadata": {"tenant": "nordstern"},
        }
    )
    if ready:
        bench.standin.onboard(made.id)
    return str(made.id)


def _on(account: str) -> Any:
    return {"stripe_account": account}


async def test_onboarding_by_a_link(bench: Bench) -> None:
    """An account may do nothing until its owner has answered; a link is good once; account.updated tells."""
    account = await _account(bench, ready=False)
    with pytest.raises(stripe.InvalidRequestError, match="onboarding"):
        await bench.api.payment_intents.create_async(card_payment(), _on(account))
    link = await bench.api.account_links.create_async(
        {
            "account": account,
            "type": "account_onboarding",
            "return_url": "https://askpro.test/back",
            "refresh_url": "https://askpro.test/again",
        }
    )

    async with bench.browser() as browser:
        page = await browser.get(link.url)
        done = await browser.post(link.url, data={"do": "complete"})
        stale = await browser.get(link.url)

    assert "Tell Stripe about your business" in page.text
    assert (done.headers["location"], stale.headers["location"]) == (
        "https://askpro.test/back",
        "https://askpro.test/again",
    )
    after = await bench.api.accounts.retrieve_async(account)
    assert (after.charges_enabled, after.payouts_enabled, after.details_submitted) == (True, True, True)
    assert after.type == "express"
    assert (await bench.api.accounts.login_links.create_async(account)).url
    assert bench.kinds() == ["account.updated"]
    bench.standin.restrict(account)
    assert (await bench.api.accounts.retrieve_async(account)).charges_enabled is False


async def test_a_direct_charge_leaves_a_fee(bench: Bench) -> None:
    """Charged on the account, the application fee arrives at the platform; refunds give it back if asked."""
    account = await _account(bench)
    intent = await bench.api.payment_intents.create_async(
        card_payment(10_000, application_fee_amount=800, expand=["latest_charge"]), _on(account)
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    fee = await bench.api.application_fees.retrieve_async(str(intent.latest_charge.application_fee))
    assert (fee.amount, fee.account, fee.charge) == (800, account, intent.latest_charge.id)
    assert bench.lines(account) == [("charge", 10_000, 175 + 800)]
    assert bench.lines() == [("application_fee", 800, 0)]

    await bench.api.refunds.create_async(
        {"payment_intent": intent.id, "amount": 5000, "refund_application_fee": True}, _on(account)
    )

    fee = await bench.api.application_fees.retrieve_async(fee.id)
    assert fee.amount_refunded == 400
    assert bench.lines()[-1] == ("application_fee_refund", -400, 0)
    assert bench.lines(account)[-2:] == [("refund", -5000, 0), ("adjustment", 400, 0)]
    assert {"application_fee.created", "application_fee.refunded"} <= set(bench.kinds())
    more = await bench.api.application_fees.refunds.create_async(fee.id, {"amount": 100})
    assert (await bench.api.application_fees.refunds.list_async(fee.id)).data[0].id == more.id


async def test_a_destination_charge_goes_on(bench: Bench) -> None:
    """Charged on the platform, sent on, less the fee; a refund can take all of it back."""
    account = await _account(bench)
    intent = await bench.api.payment_intents.create_async(
        card_payment(10_000, application_fee_amount=800, transfer_data={"destination": account})
    )
    charge = await bench.api.charges.retrieve_async(str(intent.latest_charge), {"expand": ["transfer"]})
    assert isinstance(charge.transfer, stripe.Transfer)
    assert (charge.transfer.amount, charge.transfer.source_transaction) == (10_000, charge.id)
    assert bench.lines() == [("charge", 10_000, 175), ("transfer", -10_000, 0), ("application_fee", 800, 0)]
    assert sum(amount - fee for _, amount, fee in bench.lines(account)) == 9200

    await bench.api.refunds.create_async(
        {"payment_intent": intent.id, "reverse_transfer": True, "refund_application_fee": True}
    )

    assert sum(amount for _, amount, _ in bench.lines()) == 0
    assert sum(amount for _, amount, _ in bench.lines(account)) == 0
    assert {"transfer.created", "transfer.reversed", "application_fee.refunded"} <= set(bench.kinds())


async def test_transfers_and_reversals(bench: Bench) -> None:
    """Only what is there, only to one's own accounts, never more back than was sent."""
    account = await _account(bench)
    params: Any = {"amount": 3000, "currency": "eur", "destination": account, "metadata": {"payout": "p1"}}
    with pytest.raises(stripe.InvalidRequestError) as poor:
        await bench.api.transfers.create_async(params)
    source = await bench.api.payment_intents.create_async(card_payment(10_000, method="pm_card_bypassPending"))
    made = await bench.api.transfers.create_async({**params, "transfer_group": "march"})
    tied = await bench.api.transfers.create_async({**params, "source_transaction": str(source.latest_charge)})
    back = await bench.api.transfers.reversals.create_async(made.id, {"amount": 1000})

    assert poor.value.code == "balance_insufficient"
    made = await bench.api.transfers.update_async(made.id, {"description": "March"})
    assert (made.amount_reversed, made.reversed, made.reversals.data[0].id) == (1000, False, back.id)
    assert tied.source_transaction == source.latest_charge
    found = await bench.api.transfers.list_async({"transfer_group": "march"})
    assert [one.id for one in found.data] == [made.id]
    for change in ({"destination": "acct_nobody"}, {"source_transaction": str(source.latest_charge), "amount": 9000}):
        with pytest.raises(stripe.InvalidRequestError):
            await bench.api.transfers.create_async({**params, **change})
    with pytest.raises(stripe.InvalidRequestError, match="unreversed"):
        await bench.api.transfers.reversals.create_async(made.id, {"amount": 2001})
    assert sum(amount for _, amount, _ in bench.lines(account)) == 5000
    assert "transfer.updated" in bench.kinds()


async def test_a_charge_gives_what_it_brought(bench: Bench) -> None:
    """Transfers out of a charge become available with it, sum up to no more than it, whatever was taken back since,
    carry its group and its currency; and a closed account gets nothing.
    """
    account = await _account(bench)
    bench.standin.exchange("usd", "eur", "0.9")
    one = await bench.api.payment_intents.create_async(card_payment(10_000, transfer_group="march"))
    other = await bench.api.payment_intents.create_async(card_payment(10_000, currency="usd"))

    async def send(source: stripe.PaymentIntent, **more: Any) -> stripe.Transfer:
        params: Any = {"amount": 6000, "currency": "eur", "destination": account}
        params |= {"source_transaction": str(source.latest_charge), **more}
        return await bench.api.transfers.create_async(params)

    made = await send(one)
    await bench.api.transfers.reversals.create_async(made.id)

    assert (made.transfer_group, bench.lines(account)) == (
        "march",
        [("payment", 6000, 0), ("payment_refund", -6000, 0)],
    )
    book = bench.standin.world.book(account, False)
    assert {line["status"] for line in book.every("balance_transaction")} == {"pending"}
    with pytest.raises(stripe.InvalidRequestError, match=r"already a transfer using this source, amounting to 60\.00"):
        await send(one)
    with pytest.raises(stripe.InvalidRequestError, match="transfer_group"):
        await send(one, amount=1, transfer_group="april")
    with pytest.raises(stripe.InvalidRequestError, match=r"\(eur\) must be the same as the transfer currency \(usd\)"):
        await send(other, currency="usd")
    tied = await send(other, amount=9000)
    assert tied.transfer_group == f"group_{other.id}"
    await bench.api.accounts.delete_async(account)
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        await send(one, amount=1)
    bench.kinds()


async def test_what_an_account_has_spent_cannot_be_taken_back(bench: Bench) -> None:
    """A reversal needs the money to be there."""
    account = await _account(bench)
    source = await bench.api.payment_intents.create_async(card_payment(10_000, method="pm_card_bypassPending"))
    made = await bench.api.transfers.create_async(
        {"amount": 5000, "currency": "eur", "destination": account, "source_transaction": str(source.latest_charge)}
    )
    await bench.api.payouts.create_async({"amount": 4000, "currency": "eur"}, _on(account))
    with pytest.raises(stripe.InvalidRequestError) as poor:
        await bench.api.transfers.reversals.create_async(made.id)
    assert poor.value.code == "balance_insufficient"
    assert (await bench.api.transfers.reversals.create_async(made.id, {"amount": 1000})).amount == 1000


async def test_fees_need_somebody_to_come_from(bench: Bench) -> None:
    """No application fee on one's own payment, and none above the amount."""
    account = await _account(bench)

    with pytest.raises(stripe.InvalidRequestError, match="direct payment"):
        await bench.api.payment_intents.create_async(card_payment(application_fee_amount=1))
    with pytest.raises(stripe.InvalidRequestError, match="no more than"):
        await bench.api.payment_intents.create_async(card_payment(application_fee_amount=2001), _on(account))


async def test_accounts_see_only_their_own(bench: Bench) -> None:
    """A platform acts for its accounts; a stranger's key, and the other mode, are told nothing exists."""
    account = await _account(bench)
    stranger = bench.client(bench.standin.open_account("fremd").test)
    live = bench.client(bench.standin.keys.live)
    customer = await bench.api.customers.create_async(None, _on(account))

    assert (await bench.api.customers.list_async()).data == []
    assert (await bench.api.customers.retrieve_async(customer.id, None, _on(account))).id == customer.id
    for api in (stranger, live):
        with pytest.raises(stripe.PermissionError) as caught:
            await api.customers.retrieve_async(customer.id, None, _on(account))
        assert caught.value.http_status == 403
        assert caught.value.error
        assert caught.value.error.code == "account_invalid"
        with pytest.raises(stripe.PermissionError):
            await api.accounts.retrieve_async(account)
    assert [one.id for one in (await bench.api.accounts.list_async()).data] == [account]


async def test_a_checkout_for_an_account(bench: Bench) -> None:
    """A page made for a connected account books there, with the platform's fee; events name the account."""
    account = await _account(bench)
    await bench.listen("checkout.session.completed", "account.updated", connect=True)
    await bench.listen("*", path="/own")
    session = await bench.api.checkout.sessions.create_async(
        {
            "mode": "payment",
            "success_url": "https://askpro.test/",
            "line_items": [
                {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 5000, "product_data": {"name": "X"}}}
            ],
            "payment_intent_data": {"application_fee_amount": 500},
        },
        _on(account),
    )
    bench.standin.pay(session.id)
    bench.standin.restrict(account)

    sent = await bench.standin.deliver_due()

    by_path = {one.url.removeprefix("https://askpro.test"): set[str]() for one in sent}
    for one in sent:
        by_path[one.url.removeprefix("https://askpro.test")].add(one.kind)
    assert by_path == {
        "/hook": {"checkout.session.completed", "account.updated"},
        "/own": {"application_fee.created"},
    }
    connected = [event for event in bench.endpoint.events if event["type"] != "application_fee.created"]
    assert {event["account"] for event in connected} == {account}
    assert bench.lines() == [("application_fee", 500, 0)]


async def test_accounts_are_changed_and_deleted(bench: Bench) -> None:
    """Profile, capabilities and settings change with an event; a deleted account is out of reach."""
    account = await _account(bench)
    changed = await bench.api.accounts.update_async(
        account,
        {
            "business_profile": {"url": "https://nordstern.example"},
            "capabilities": {"sepa_debit_payments": {"requested": True}},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}, "payments": {"statement_descriptor": "NORD"}},
        },
    )
    assert changed.business_profile is not None
    assert (changed.business_profile.name, changed.business_profile.url) == ("Nordstern", "https://nordstern.example")
    own = await bench.api.accounts.retrieve_current_async()
    assert own.id == bench.standin.keys.account
    bench.kinds()

    await bench.api.accounts.delete_async(account)

    with pytest.raises(stripe.PermissionError):
        await bench.api.customers.list_async(None, _on(account))
