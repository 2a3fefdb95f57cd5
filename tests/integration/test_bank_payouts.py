"""What Stripe sends to a reseller's bank: heard by whom it concerns, kept as it stands, told when it comes back."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from askpro import db
from askpro.errors import Unavailable
from askpro.money import Money
from askpro.payments import bank_payouts, endpoints, inbox, providers
from askpro.pluginhost.service import enable, save_settings
from askpro.sdk.payments import Outcome, PayoutResult
from askpro.tenancy.model import PLATFORM
from stripe_house import House, house
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("house",)


async def paid_out(house: House, key: str, account: str = "") -> str:
    """Money is sent from an account to its bank; Stripe's number of it."""
    desk = house.stripe.client(key, stripe_account=account or None).v1
    await desk.payment_intents.create_async(
        {"amount": 1000, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )  # fmt: skip
    return str((await desk.payouts.create_async({"amount": 500, "currency": "eur"})).id)


async def delivered(house: House) -> None:
    """Everything that waits goes out, and what came in is worked on."""
    assert {one.status for one in await house.stripe.deliver_due()} <= {200, 202}
    for slug in house.tenants:
        await house.work(slug)


async def known(house: House, slug: str) -> list[tuple[str, str, str]]:
    """Number, state and reason of what the reseller sees, the latest first."""
    found = await bank_payouts.listed(house.tenants[slug].id, ["stripe"])
    return [(one.ref, one.state, one.code) for one in found]


async def told(house: House, slug: str) -> list[dict[str, Any]]:
    async with db.unit(house.tenants[slug].id):
        rows = await db.fetch(
            "select payload from events.outbox where tenant_id = $1 and kind = 'payout.failed' order by id",
            house.tenants[slug].id,
        )
    return [row["payload"] for row in rows]


async def test_paid_and_then_come_back(house: House) -> None:
    """The reseller's own account: paid, then returned by the bank days later; told once, however often it is heard."""
    await house.own_stripe("nord")
    payout = await paid_out(house, "sk_test_nord")
    house.stripe.settle_payout(payout)
    await delivered(house)
    assert await known(house, "nord") == [(payout, "settled", "")]
    assert await told(house, "nord") == []
    house.stripe.chaos.duplicate = 1
    house.stripe.settle_payout(payout, "account_closed")
    await delivered(house)
    assert await known(house, "nord") == [(payout, "declined", "account_closed")]
    [fact] = await told(house, "nord")
    assert (fact["ref"], fact["code"], fact["amount"], fact["currency"]) == (
        payout, "account_closed", 5_000_000, "EUR",
    )  # fmt: skip
    (last, first) = await house.inbox("nord", state="done")
    assert (first.kind, first.last_error) == ("payout", "")
    assert last.last_error == "did not arrive: account_closed"


async def test_of_connected_accounts(house: House) -> None:
    """At the address that resellers share: each payout reaches the reseller whose account it left, and nobody else;
    the platform's own reaches nobody.
    """
    house.operator["connect_charges"] = "destination"
    for slug in ("nord", "falke"):
        await save_settings(house.host, house.ref(slug), "stripe", {"collecting": "connect"}, by="t")
        await enable(house.host, house.ref(slug), "stripe", by="t")
    accounts = {}
    for slug in ("nord", "falke"):
        await endpoints.onboarding_link(
            house.tenants[slug], "stripe", "https://x.example/", "https://x.example/", by=OPERATOR
        )
        provider = await providers.provider(house.tenants[slug].id, "stripe", for_new=False)
        accounts[slug] = provider.ctx.settings.connect_account
        house.stripe.onboard(accounts[slug])
    done = await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=OPERATOR)
    house.operator.update(done.for_operator)
    house.host.contexts._kept.clear()
    for slug, outcome in (("nord", "paid"), ("falke", "no_account")):
        house.stripe.settle_payout(await paid_out(house, "sk_test_platform", accounts[slug]), outcome)
    house.stripe.settle_payout(await paid_out(house, "sk_test_platform"))
    await delivered(house)
    assert [state for _, state, _ in await known(house, "nord")] == ["settled"]
    assert [(state, code) for _, state, code in await known(house, "falke")] == [("declined", "no_account")]
    assert [len(await told(house, slug)) for slug in ("nord", "falke")] == [0, 1]
    assert await inbox.events(PLATFORM) == []


async def test_it_is_asked_again_until_there_is_an_answer(house: House) -> None:
    """Stripe does not answer, or the key is refused: nothing is known, nothing is kept, and the event waits."""
    await house.own_stripe("nord")
    payout = await paid_out(house, "sk_test_nord")
    house.stripe.settle_payout(payout)
    await house.stripe.deliver_due()
    (event,), tenant = await house.inbox("nord", state="waiting"), house.tenants["nord"].id
    await save_settings(house.host, house.ref("nord"), "stripe", {"secret_key": "sk_test_nobody"}, by="t")
    with pytest.raises(Unavailable):
        await inbox.process(tenant, event.id)
    assert await known(house, "nord") == []
    await save_settings(house.host, house.ref("nord"), "stripe", {"secret_key": "sk_test_nord"}, by="t")
    await house.work("nord")
    assert await known(house, "nord") == [(payout, "settled", "")]


async def test_a_payout_that_is_not_there(house: House) -> None:
    """Stripe knows no such payout on the reseller's account, and the sandbox pays nothing out: only remarked."""
    await house.own_stripe("nord")
    tenant = house.tenants["nord"].id
    assert await bank_payouts.heard(tenant, "stripe", "po_nowhere", live=False) == "no payout of ours"
    assert await bank_payouts.heard(tenant, "sandbox", "po_1", live=False) == "no payout of ours (not_supported)"
    assert await known(house, "nord") == []


STAGES = (
    (Outcome.PENDING, ""),
    (Outcome.SETTLED, ""),
    (Outcome.DECLINED, "account_closed"),
)


async def test_answers_in_any_order(house: House) -> None:
    """An answer that is older than what is known changes nothing: come back is come back, and it is told once."""
    tenant, amount = house.tenants["nord"].id, Money.of(5, "EUR")
    orders = list(permutations(range(3)))
    for number, order in enumerate(orders):
        highest, ref = -1, f"po_{number}"
        for stage in (*order, *order):
            outcome, code = STAGES[stage]
            said = PayoutResult(key="", outcome=outcome, provider_ref=ref, amount=amount, code=code)
            await bank_payouts.apply(tenant, "stripe", ref, said, live=False)
            highest = max(highest, stage)
            [seen] = [one for one in await bank_payouts.listed(tenant, ["stripe"]) if one.ref == ref]
            assert (seen.state, seen.code) == (("pending", "settled", "declined")[highest], STAGES[highest][1])
            assert seen.amount == amount
    assert len(await told(house, "nord")) == len(orders)
    assert await bank_payouts.listed(house.tenants["falke"].id, ["stripe"]) == []


async def test_called_back_is_not_failed(house: House) -> None:
    """Somebody cancelled it before it left: kept, not told, and it does not hide the last one that went its way."""
    tenant = house.tenants["nord"].id
    for ref, outcome, code in (
        ("po_1", Outcome.SETTLED, ""),
        ("po_2", Outcome.DECLINED, bank_payouts.CANCELLED),
    ):
        said = PayoutResult(key="", outcome=outcome, provider_ref=ref, code=code, amount=Money.of(5, "EUR"))
        await bank_payouts.apply(tenant, "stripe", ref, said, live=False)
    found = await bank_payouts.listed(tenant, ["stripe"])
    assert [(one.ref, one.failed) for one in found] == [("po_2", False), ("po_1", False)]
    assert await told(house, "nord") == []
    last = await bank_payouts.latest(tenant, "stripe", live=False)
    assert last is not None
    assert last.ref == "po_1"
    assert await bank_payouts.latest(tenant, "stripe", live=True) is None


async def test_the_first_twenty(house: House) -> None:
    """The newest are shown, the one with the latest news first; an amount that nobody said is none."""
    tenant = house.tenants["nord"].id
    for number in range(25):
        said = PayoutResult(key="", outcome=Outcome.SETTLED, provider_ref=f"po_{number}", amount=Money.of(1, "EUR"))
        await bank_payouts.apply(tenant, "stripe", f"po_{number}", said, live=False)
    late = PayoutResult(key="", outcome=Outcome.DECLINED, provider_ref="po_3", code="declined")
    await bank_payouts.apply(tenant, "stripe", "po_3", late, live=False)
    await bank_payouts.apply(tenant, "stripe", "po_new", late, live=False)
    found = await bank_payouts.listed(tenant, ["stripe"])
    assert [one.ref for one in found[:3]] == ["po_new", "po_3", "po_24"]
    assert len(found) == 20
    assert (found[0].amount, found[1].amount) == (None, Money.of(1, "EUR"))
