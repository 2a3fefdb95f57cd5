"""Connect: accounts of resellers under the platform's, fees for the platform, shares for the resellers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from stripe_bench import ANNA, FALKE, NORTH, StripeBench, line, move, stripe, tables

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import ChargeResult, Outcome, PayoutRequest, RefundRequest, TenantRef

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

BACK = ("https://t.example/back", "https://t.example/again")


def connect(tenant: TenantRef) -> dict[str, str]:
    return {"collecting": "connect", "webhook_secret": f"whsec_{tenant.slug}"}


async def connected(tables: Any, charges: str, **operator: str) -> StripeBench:
    """A reseller who has been through Stripe's registration."""
    bench: StripeBench = await tables(connect, connect_charges=charges, **operator)
    link = await bench.provider.start_onboarding(bench.ctx, *BACK)
    await bench.set(NORTH, **connect(NORTH), **link.settings)
    bench.stripe.onboard(link.settings["connect_account"])
    return bench


async def paid(bench: StripeBench, **changes: Any) -> ChargeResult:
    request = bench.checkout(customer=ANNA, **changes)
    await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
    result = await bench.provider.look_up(bench.ctx, request.key)
    assert (result.outcome, result.amount) == (Outcome.SETTLED, request.amount)
    return result


def last(bench: StripeBench, path: str) -> tuple[dict[str, str], str]:
    """Parameters and Stripe-Account of what was posted last to a path."""
    sent = bench.line.posted(path)[-1]
    return dict(parse_qsl(sent.content.decode())), sent.headers.get("stripe-account", "")


async def test_registration(tables: Any) -> None:
    """A page of Stripe's, the account's number for the settings, what is missing, and in the end an open account."""
    bench: StripeBench = await tables(connect)
    with pytest.raises(NotFound):
        await bench.provider.look_up_account(bench.ctx)
    link = await bench.provider.start_onboarding(bench.ctx, *BACK)
    assert link.url.startswith("https://")
    account = link.settings["connect_account"]
    await bench.set(NORTH, **connect(NORTH), **link.settings)
    state = await bench.provider.look_up_account(bench.ctx)
    assert (state.ref, state.can_charge, state.live) == (account, False, False)
    assert state.missing
    with pytest.raises(InvalidInput):
        await bench.provider.create_checkout(bench.ctx, bench.checkout())
    again = await bench.provider.start_onboarding(bench.ctx, *BACK)
    assert again.settings == link.settings
    assert len(bench.line.posted("/v1/accounts")) == 1
    bench.stripe.onboard(account)
    state = await bench.provider.look_up_account(bench.ctx)
    assert (state.can_charge, state.can_pay_out, state.missing) == (True, True, ())


async def test_an_account_that_is_somebody_elses(tables: Any) -> None:
    """A number typed into the settings opens nothing: the account itself must name the tenant."""
    bench = await connected(tables, "direct")
    account = bench.ctx.settings.connect_account
    await bench.set(FALKE, **connect(FALKE), connect_account=account)
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.create_checkout(bench.other, bench.checkout())
    assert refused.value.code == "account_not_yours"
    with pytest.raises(InvalidInput):
        await bench.provider.start_onboarding(bench.other, *BACK)
    with pytest.raises(InvalidInput):
        await bench.provider.list_methods(bench.other, ANNA)
    with pytest.raises(NotFound):
        await bench.provider.look_up_account(bench.other)


async def test_an_account_that_has_become_somebody_elses(tables: Any) -> None:
    """What an account has proved is believed for a day: after that nothing is begun there, nothing sent to it, and
    nothing told of its payouts.
    """
    bench = await connected(tables, "direct")
    account = bench.ctx.settings.connect_account
    await bench.provider.create_checkout(bench.ctx, bench.checkout())
    desk = bench.stripe.client("sk_test_platform", stripe_account=account).v1
    made = await desk.payouts.create_async({"amount": await _money(desk), "currency": "eur"})
    assert (await bench.provider.look_up_payout(bench.ctx, "", made.id)).outcome is Outcome.PENDING
    home = bench.stripe.client("sk_test_platform").v1
    await home.accounts.update_async(account, {"metadata": {"askpro_tenant": str(FALKE.id)}})
    bench.later(hours=25)
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.create_checkout(bench.ctx, bench.checkout())
    assert refused.value.code == "account_not_yours"
    request = PayoutRequest(key=str(new_id()), amount=Money.of(12, "EUR"), destination=account, reference="2026-11")
    with pytest.raises(InvalidInput):
        await bench.provider.payout(bench.ctx, request)
    assert (await bench.provider.look_up_payout(bench.ctx, "", made.id)).amount is None
    assert bench.line.posted("/v1/transfers") == []


async def _money(desk: Any) -> int:
    """The account has been paid so much by somebody, in coins."""
    await desk.payment_intents.create_async(
        {"amount": 1000, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )  # fmt: skip
    return 500


async def test_charges_on_the_connected_account(tables: Any) -> None:
    """Everything lives on the reseller's account, and the platform takes its fee, and gives it back on refund."""
    bench = await connected(tables, "direct", fee_percent="2", fee_fixed="0.10")
    payment = await paid(bench, save_method=True)
    account = bench.ctx.settings.connect_account
    said, header = last(bench, "/v1/checkout/sessions")
    assert (header, said["payment_intent_data[application_fee_amount]"], payment.account) == (account, "110", account)
    assert "payment_intent_data[transfer_data][destination]" not in said
    (method,) = await bench.provider.list_methods(bench.ctx, ANNA)
    charged = await bench.provider.charge(
        bench.ctx, bench.charge(method.ref, platform_fee=Money.of(3, "EUR"), amount=Money.of(25, "EUR"))
    )
    said, header = last(bench, "/v1/payment_intents")
    assert (charged.outcome, header, said["application_fee_amount"]) == (Outcome.SETTLED, account, "300")
    refund = RefundRequest(
        key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=Money.of(10, "EUR")
    )
    assert (await bench.provider.refund(bench.ctx, refund)).outcome is Outcome.SETTLED
    said, header = last(bench, "/v1/refunds")
    assert (header, said["refund_application_fee"]) == (account, "true")
    assert "reverse_transfer" not in said


async def test_charges_that_are_passed_on_at_once(tables: Any) -> None:
    """On the platform's account, in the reseller's name; a refund comes back from him."""
    bench = await connected(tables, "destination", fee_percent="10")
    payment = await paid(bench)
    account = bench.ctx.settings.connect_account
    said, header = last(bench, "/v1/checkout/sessions")
    assert (header, payment.account) == ("", "platform")
    assert said["payment_intent_data[transfer_data][destination]"] == account
    assert said["payment_intent_data[on_behalf_of]"] == account
    assert said["payment_intent_data[application_fee_amount]"] == "500"
    refund = RefundRequest(
        key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=Money.of(50, "EUR")
    )
    assert (await bench.provider.refund(bench.ctx, refund)).outcome is Outcome.SETTLED
    said, _ = last(bench, "/v1/refunds")
    assert (said["reverse_transfer"], said["refund_application_fee"]) == ("true", "true")


async def test_old_payments_stay_where_they_were_made(tables: Any) -> None:
    """After the reseller has taken an account of his own the platform's payments can still be asked and refunded."""
    bench = await connected(tables, "direct")
    payment = await paid(bench)
    await bench.set(NORTH, secret_key="sk_test_north", webhook_secret="whsec_nordstern")
    assert (await bench.provider.look_up(bench.ctx, payment.key)).outcome is Outcome.SETTLED
    refund = RefundRequest(
        key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=Money.of(5, "EUR")
    )
    assert (await bench.provider.refund(bench.ctx, refund)).outcome is Outcome.SETTLED
    request = bench.checkout(platform_fee=Money.of(1, "EUR"))
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.create_checkout(bench.ctx, request)
    assert refused.value.code == "platform_fee_impossible"


async def test_a_share_is_sent_once(tables: Any) -> None:
    """A transfer whose answer is lost is found, not repeated; another amount under its key is a conflict."""
    bench = await connected(tables, "transfers")
    session = await bench.provider.create_checkout(bench.ctx, bench.checkout())
    bench.stripe.pay(session.provider_ref, "pm_card_bypassPending")
    account = bench.ctx.settings.connect_account
    request = PayoutRequest(key=str(new_id()), amount=Money.of(12, "EUR"), destination=account, reference="2026-11")
    bench.line.cut_after = request.key
    first = await bench.provider.payout(bench.ctx, request)
    bench.line.dark = False
    again = await bench.provider.payout(bench.ctx, request)
    found = await bench.provider.look_up_payout(bench.ctx, request.key)
    assert (first.outcome, again.outcome, found.outcome) == (Outcome.UNKNOWN, Outcome.SETTLED, Outcome.SETTLED)
    assert found.amount == request.amount
    assert len(bench.line.posted("/v1/transfers")) == 1
    dearer = PayoutRequest(key=request.key, amount=Money.of(13, "EUR"), destination=account, reference="2026-11")
    with pytest.raises(Conflict):
        await bench.provider.payout(bench.ctx, dearer)
    desk = bench.stripe.client("sk_test_platform").v1
    await desk.transfers.reversals.create_async(found.provider_ref)
    taken_back = await bench.provider.look_up_payout(bench.ctx, request.key)
    assert (taken_back.outcome, taken_back.code) == (Outcome.DECLINED, "reversed")


async def test_shares_go_to_the_tenants_own_account_only(tables: Any) -> None:
    """Another account is refused, and nothing is sent."""
    bench = await connected(tables, "transfers")
    request = PayoutRequest(
        key=str(new_id()), amount=Money.of(12, "EUR"), destination="acct_elsewhere", reference="2026-11"
    )
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.payout(bench.ctx, request)
    assert refused.value.code == "destination_unknown"
    assert bench.line.posted("/v1/transfers") == []
    assert (await bench.provider.look_up_payout(bench.ctx, request.key)).outcome is Outcome.NOT_SENT


async def test_payouts_to_the_bank(tables: Any) -> None:
    """Stripe's own payout from the reseller's account: under way, then paid or come back."""
    bench = await connected(tables, "direct")
    session = await bench.provider.create_checkout(bench.ctx, bench.checkout())
    bench.stripe.pay(session.provider_ref, "pm_card_bypassPending")
    desk = bench.stripe.client("sk_test_platform", stripe_account=bench.ctx.settings.connect_account).v1
    for outcome, expected in (("paid", Outcome.SETTLED), ("account_closed", Outcome.DECLINED)):
        made = await desk.payouts.create_async({"amount": 500, "currency": "eur"})
        before = await bench.provider.look_up_payout(bench.ctx, "", made.id)
        bench.stripe.settle_payout(made.id, outcome)
        after = await bench.provider.look_up_payout(bench.ctx, "", made.id)
        assert (before.outcome, after.outcome) == (Outcome.PENDING, expected)
    assert after.code == "account_closed"


async def test_stripes_own_page_for_methods(tables: Any) -> None:
    """The portal opens for a customer that Stripe knows, on the account that has him."""
    bench = await connected(tables, "direct")
    with pytest.raises(NotFound):
        await bench.provider.open_portal(bench.ctx, ANNA, BACK[0])
    await paid(bench)
    desk = bench.stripe.client("sk_test_platform", stripe_account=bench.ctx.settings.connect_account).v1
    await desk.billing_portal.configurations.create_async(
        {"features": {"payment_method_update": {"enabled": True}}, "default_return_url": BACK[0]}
    )
    url = await bench.provider.open_portal(bench.ctx, ANNA, BACK[0])
    said, header = last(bench, "/v1/billing_portal/sessions")
    assert url.startswith("https://")
    assert (said["return_url"], said["locale"], header) == (BACK[0], "de", bench.ctx.settings.connect_account)
