"""Shares of payments that the platform takes: passed on once, taken back in proportion, whatever goes wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import anyio
import pytest
from stripe_bench import ANNA, FALKE, NORTH, line, move, stripe, tables
from stripe_shares import TRANSFERS, Gate, Sharing, Wall, connect, sharing

from askpro.errors import InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import service
from askpro.sdk import Outcome, TenantRef
from askpro.testing.stripe.chaos import Mishap
from askpro_stripe.doctor import check
from askpro_stripe.jobs import pass_on_shares

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

FIFTY = Money.of(50, "EUR")


@pytest.fixture
async def shop(tables: Any) -> Sharing:
    """The platform keeps a tenth."""
    return await sharing(tables, fee_percent="10")


@pytest.mark.parametrize(
    ("amount", "currency", "fee", "share"),
    [
        ("50", "EUR", {"fee_percent": "2", "fee_fixed": "0.10"}, "48.90"),
        ("9.99", "EUR", {"fee_percent": "3.3"}, "9.66"),  # 0.32967 is 0.33
        ("1250", "JPY", {"fee_percent": "7.5"}, "1156"),  # 93.75 is 94
        ("7.23", "KWD", {"fee_percent": "10"}, "6.51"),  # 0.723 is 0.72
        ("50", "EUR", {}, "50"),
    ],
)
async def test_a_share_is_passed_on_once(
    tables: Any, amount: str, currency: str, fee: dict[str, str], share: str
) -> None:
    """What was paid less the fee, to the coin, out of the charge's own money, to the account of this tenant; neither
    the next run of the job nor the next look-up sends any more.
    """
    shop = await sharing(tables, **fee)
    payment = await shop.paid(Money.of(amount, currency))
    for _ in range(3):
        await shop.run()
        await shop.bench.provider.look_up(shop.bench.ctx, payment.key)
    (sent,) = shop.bench.line.posted(TRANSFERS)
    said = dict(parse_qsl(sent.content.decode()))
    intent = shop.stripe.get(payment.provider_ref)
    assert (said["destination"], said["source_transaction"]) == (shop.account, intent["latest_charge"])
    assert said["transfer_group"] == intent["transfer_group"]
    assert said["metadata[askpro_tenant]"] == str(NORTH.id)
    assert shop.passed(payment) == Money.of(share, currency)
    assert intent["application_fee_amount"] is None
    assert intent["transfer_data"] is None
    assert await shop.waiting() == 0


@pytest.mark.parametrize("wanted", [None, FIFTY])
async def test_a_fee_of_everything_leaves_no_share(tables: Any, wanted: Money | None) -> None:
    """Nothing is sent, and nothing waits."""
    shop = await sharing(tables, fee_percent="0" if wanted else "100")
    await shop.paid(FIFTY, platform_fee=wanted)
    assert await shop.waiting() == 0
    await shop.run()
    assert shop.bench.things("transfer") == []


async def test_the_fee_is_that_of_the_day(shop: Sharing) -> None:
    """Settings that change after a payment has begun, and the mode that does, change nothing about it."""
    request = shop.bench.checkout(customer=ANNA)
    page = await shop.bench.provider.create_checkout(shop.bench.ctx, request)
    shop.operator(fee_percent="90", connect_charges="destination")
    await shop.bench.set(NORTH, secret_key="sk_test_north", webhook_secret="whsec_nordstern")
    shop.stripe.pay(page.provider_ref)
    payment = await shop.bench.provider.look_up(shop.bench.ctx, request.key)
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")
    assert {one["destination"] for one in shop.bench.things("transfer")} == {shop.account}


async def test_what_the_core_wants_as_fee(shop: Sharing) -> None:
    """It stands before the settings, and one that no coin can pay is refused before anything is begun."""
    payment = await shop.paid(platform_fee=Money.of("12.34", "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money.of("37.66", "EUR")
    with pytest.raises(InvalidInput) as refused:
        await shop.paid(platform_fee=Money.of("0.001", "EUR"))
    assert refused.value.code == "amount_too_fine"


async def test_charges_without_the_customer_are_shared_too(shop: Sharing) -> None:
    """One that settles at once is never looked up again, and its share goes all the same."""
    method = await shop.bench.save("pm_card_visa")
    payment = await shop.bench.provider.charge(shop.bench.ctx, shop.bench.charge(method, FIFTY))
    assert payment.outcome is Outcome.SETTLED
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")


async def test_a_payment_that_has_not_settled_costs_nothing(shop: Sharing) -> None:
    """A debit that is under way is not asked about by the job; when it has settled, and is known to, its share goes."""
    request = shop.bench.checkout(customer=ANNA)
    page = await shop.bench.provider.create_checkout(shop.bench.ctx, request)
    shop.stripe.pay(page.provider_ref, "pm_successDelayed_de")
    pending = await shop.bench.provider.look_up(shop.bench.ctx, request.key)
    asked = len(shop.bench.line.sent)
    await shop.run()
    assert (pending.outcome, len(shop.bench.line.sent)) == (Outcome.PENDING, asked)
    shop.stripe.settle_sepa(pending.provider_ref)
    payment = await shop.bench.provider.look_up(shop.bench.ctx, request.key)
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")


async def test_a_storm_of_jobs_sends_one_transfer(shop: Sharing) -> None:
    """Eight workers at once, woken again and again by news about the payment: one transfer each, and nothing twice."""
    payments = [await shop.paid(Money.of(10 + number, "EUR")) for number in range(3)]

    async def work() -> None:
        for payment in payments:
            await _wake(shop, payment.key)
            await shop.run()

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)
    await shop.settle()
    assert [len(shop.transfers(payment)) for payment in payments] == [1, 1, 1]
    assert [shop.passed(payment) for payment in payments] == [
        Money.of(amount, "EUR") for amount in ("9", "9.90", "10.80")
    ]
    assert len(shop.bench.line.posted(TRANSFERS)) == 3


async def _wake(shop: Sharing, key: str) -> None:
    async with shop.bench.ctx.store.unit() as unit:
        await unit.execute("update plug_stripe.share set asked = asked + 1, next_at = now() where key = $1", key)


@pytest.mark.parametrize("mishap", ["unsent", "unanswered", "broken", "crashed", "limited"])
async def test_an_answer_that_gets_lost(shop: Sharing, mishap: Mishap) -> None:
    """A transfer and a reversal, each of which meets with a mishap: done once each, and the others are not kept
    waiting.
    """
    payment, other = await shop.paid(), await shop.paid()
    shop.stripe.next_call(mishap, TRANSFERS)
    await shop.run()
    assert len([one for one in (payment, other) if shop.passed(one)]) >= 1
    await shop.settle()
    assert [shop.passed(one) for one in (payment, other)] == [Money.of(45, "EUR")] * 2
    await shop.refund(payment, Money.of(20, "EUR"))
    shop.stripe.next_call(mishap, TRANSFERS)
    await shop.settle()
    assert [shop.passed(one) for one in (payment, other)] == [Money.of(27, "EUR"), Money.of(45, "EUR")]
    assert len(shop.bench.things("transfer")) == 2
    assert len(shop.bench.things("transfer_reversal")) == 1


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_worker_that_dies_in_the_middle(shop: Sharing, arrives: bool) -> None:
    """Killed after it has written a transfer down, before or after Stripe has got it: another worker finds out, and
    waits until it can know.
    """
    payment = await shop.paid()
    wall = shop.bench.line.inner = Wall(shop.bench.line.inner, TRANSFERS, through=arrives)
    async with anyio.create_task_group() as group:
        group.start_soon(pass_on_shares, shop.bench.ctx)
        await wall.reached.wait()
        group.cancel_scope.cancel()
    shop.bench.line.inner = wall.inner
    assert len(shop.transfers(payment)) == int(arrives)
    await _wake(shop, payment.key)
    await shop.run()  # it may still be on its way: nothing new is sent
    assert len(shop.transfers(payment)) == int(arrives)
    await shop.settle()
    assert shop.passed(payment) == Money.of(45, "EUR")
    assert len(shop.transfers(payment)) == 1


async def test_a_worker_that_stands_still_for_long(tables: Any) -> None:
    """Its machine stops after it has written a transfer down and goes on when another worker has long taken it for
    lost and sent one of its own: what arrives late is seen, and taken back. The share is less than half, so that
    Stripe, which lets a charge give no more than it brought, has nothing against two of them.
    """
    shop = await sharing(tables, fee_percent="60")
    payment = await shop.paid(token="pm_card_bypassPending")
    gate = shop.bench.line.inner = Gate(shop.bench.line.inner, TRANSFERS)
    async with anyio.create_task_group() as group:
        group.start_soon(pass_on_shares, shop.bench.ctx)
        await gate.reached.wait()
        shop.bench.line.inner = gate.inner
        shop.bench.later(minutes=11)
        await shop.run()
        assert shop.passed(payment) == Money.of(20, "EUR")
        gate.opened.set()
    assert len(shop.transfers(payment)) == 2
    await shop.settle()
    assert (shop.passed(payment), shop.gained()) == (Money.of(20, "EUR"), 2000)
    await shop.refund(payment, Money.of(25, "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money.of(10, "EUR")


async def test_refunds_take_their_part_back(shop: Sharing) -> None:
    """In odd parts, ours and one made at Stripe's desk; after the last the reseller has nothing and neither has the
    platform, and no refund asks Stripe for what it cannot do in this mode.
    """
    payment = await shop.paid(Money.of("33.33", "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money.of("30.00", "EUR")
    await shop.refund(payment, Money.of("11.11", "EUR"))
    said = dict(parse_qsl(shop.bench.line.posted("/v1/refunds")[-1].content.decode()))
    assert {"reverse_transfer", "refund_application_fee"}.isdisjoint(said)
    await shop.run()
    assert shop.passed(payment) == Money.of("20.00", "EUR")
    made = await shop.desk.refunds.create_async({"payment_intent": payment.provider_ref, "amount": 1})
    await shop.heard(made.id)
    await shop.run()
    assert shop.passed(payment) == Money.of("19.99", "EUR")  # 19.9909…
    await shop.refund(payment, Money.of("22.21", "EUR"))
    await shop.run()
    assert (shop.passed(payment), shop.gained()) == (Money(0, "EUR"), 0)
    assert await shop.waiting() == 0


async def test_who_switches_stripe_off_keeps_no_refunded_money(shop: Sharing) -> None:
    """Customers are refunded all the same, so the share comes back; who never had the plugin is not asked about it."""
    payment = await shop.paid(Money.of(50, "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")
    await service.disable(shop.bench.host, NORTH, "stripe", by="t")
    await shop.refund(payment, Money.of(50, "EUR"))
    await shop.run()
    assert (shop.passed(payment), await shop.waiting()) == (Money(0, "EUR"), 0)
    assert not await shop.bench.host.run_job("stripe", "pass_on", TenantRef(new_id()))


async def test_a_refund_before_the_share_has_gone(shop: Sharing) -> None:
    """Only what is left is passed on, by one transfer; of a payment that is refunded whole nothing ever."""
    part, whole = await shop.paid(), await shop.paid()
    await shop.refund(part, Money.of(20, "EUR"))
    await shop.refund(whole, FIFTY)
    await shop.run()
    assert (shop.passed(part), len(shop.transfers(part))) == (Money.of(27, "EUR"), 1)
    assert shop.transfers(whole) == []


async def test_a_refund_that_fails_gives_the_share_again(shop: Sharing) -> None:
    """The charge has given all it brought, so the share comes out of the balance; as long as that is not there the
    doctor says so, and the payment is asked about less and less often.
    """
    payment = await shop.paid()
    await shop.run()
    made = await shop.refund(payment, FIFTY)
    await shop.run()
    assert shop.passed(payment) == Money(0, "EUR")
    shop.stripe.settle_refund(made.provider_ref, "lost_or_stolen_card")
    await shop.heard(made.provider_ref)
    await shop.desk.payouts.create_async({"amount": 5000, "currency": "eur"})  # the platform takes its money out
    before = len(shop.bench.line.posted(TRANSFERS))
    for _ in range(24 * 12):
        await shop.run()
        shop.bench.later(minutes=5)
    assert len(shop.bench.line.posted(TRANSFERS)) - before < 12
    (found,) = await shop.findings()
    assert (found.level, "1 (there is not enough money in Stripe's balance yet)" in found.text) == ("warning", True)
    await shop.own_money(FIFTY)
    shop.bench.later(days=1)
    await shop.settle()
    assert shop.passed(payment) == Money.of(45, "EUR")
    assert await shop.findings() == []
    assert [one["source_transaction"] is None for one in shop.transfers(payment)] == [False, True]


@pytest.mark.parametrize("outcome", ["won", "lost"])
async def test_a_dispute_takes_the_share_back_and_perhaps_gives_it_again(shop: Sharing, outcome: str) -> None:
    """Gone while the bank has the money; there again when it gives it back."""
    payment = await shop.paid(token="pm_card_bypassPending")
    spare = await shop.paid(token="pm_card_bypassPending", amount=Money.of(400, "EUR"))
    await shop.run()
    dispute = shop.stripe.dispute(payment.provider_ref)["id"]
    await shop.heard(dispute)
    await shop.run()
    assert shop.passed(payment) == Money(0, "EUR")
    shop.stripe.close_dispute(dispute, outcome)
    await shop.heard(dispute)
    await shop.run()
    assert shop.passed(payment) == (Money.of(45, "EUR") if outcome == "won" else Money(0, "EUR"))
    assert shop.passed(spare) == Money.of(360, "EUR")


async def test_an_inquiry_takes_nothing(shop: Sharing) -> None:
    """A bank that only asks has taken no money."""
    payment = await shop.paid(token="pm_card_createDisputeInquiry")
    (found,) = shop.bench.things("dispute")
    await shop.heard(found["id"])
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")


@pytest.mark.parametrize("charges", ["destination", "transfers"])
async def test_both_ways_of_passing_on_split_a_refund_alike(tables: Any, charges: str) -> None:
    """What is left to the reseller after a refund of a part that divides badly, and after one of the rest."""
    shop = await sharing(tables, charges, fee_percent="3.3")
    payment = await shop.paid(Money.of("9.99", "EUR"))
    await shop.run()
    await shop.refund(payment, Money.of("3.33", "EUR"))
    await shop.run()
    part = shop.gained()
    await shop.refund(payment, Money.of("6.66", "EUR"))
    await shop.run()
    assert (part, shop.gained()) == (644, 0)  # 9.66 - 3.33 + 0.11


async def test_an_account_that_is_no_longer_the_tenants_gets_nothing(shop: Sharing) -> None:
    """It must name the tenant when the money goes, not only when the payment began. The others go on, the doctor says
    why, and what was held back goes when it is right again.
    """
    payment = await shop.paid()
    await shop.desk.accounts.update_async(shop.account, {"metadata": {"askpro_tenant": str(FALKE.id)}})
    await shop.run()
    assert shop.bench.line.posted(TRANSFERS) == []
    (found,) = await shop.findings()
    assert (found.level, found.text) == (
        "error", "Payments whose share could not be passed on: 1 (the connected account belongs to somebody else)",
    )  # fmt: skip
    await shop.desk.accounts.update_async(shop.account, {"metadata": {"askpro_tenant": str(NORTH.id)}})
    shop.bench.later(minutes=6)
    await shop.run()
    assert (shop.passed(payment), await shop.findings()) == (Money.of(45, "EUR"), [])


async def test_an_account_that_was_closed_or_may_not_receive(shop: Sharing) -> None:
    """Each reason with the number of payments; a transfer that was made stays, and a refund that cannot be taken back
    from the reseller is seen as well.
    """
    payment = await shop.paid()
    await shop.run()
    shop.stripe.world.owners[shop.account].thing["capabilities"]["transfers"] = "inactive"
    await shop.paid()
    await shop.paid()
    await shop.run()
    (found,) = await shop.findings()
    assert "2 (the connected account may not receive transfers)" in found.text
    await shop.desk.accounts.delete_async(shop.account)
    shop.bench.later(minutes=6)
    await shop.run()
    (found,) = await shop.findings()
    assert "2 (the connected account is closed)" in found.text
    assert shop.passed(payment) == Money.of(45, "EUR")


async def test_a_reseller_who_has_spent_his_share(shop: Sharing) -> None:
    """What he no longer has cannot be taken back now; it is when he has taken something again."""
    payment = await shop.paid(token="pm_card_bypassPending")
    await shop.run()
    own = shop.stripe.client("sk_test_platform", stripe_account=shop.account).v1
    await own.payouts.create_async({"amount": 4500, "currency": "eur"})
    await shop.refund(payment, FIFTY)
    await shop.run()
    (found,) = await shop.findings()
    assert "1 (there is not enough money in Stripe's balance yet)" in found.text
    more = await shop.paid(Money.of(100, "EUR"))
    await shop.run()
    await shop.settle()
    assert (shop.passed(payment), shop.passed(more)) == (Money(0, "EUR"), Money.of(90, "EUR"))


async def test_what_somebody_takes_back_by_hand_stays_taken_back(shop: Sharing) -> None:
    """At Stripe's desk: it is not sent again, and a refund for which it was done is not counted twice."""
    payment = await shop.paid()
    await shop.run()
    (made,) = shop.transfers(payment)
    await shop.desk.transfers.reversals.create_async(made["id"], {"amount": 1800})
    await _wake(shop, payment.key)
    await shop.run()
    assert shop.passed(payment) == Money.of(27, "EUR")
    await shop.refund(payment, Money.of(20, "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money.of(27, "EUR")
    await shop.refund(payment, Money.of(30, "EUR"))
    await shop.run()
    assert shop.passed(payment) == Money(0, "EUR")


async def test_a_balance_in_another_currency(shop: Sharing) -> None:
    """A payment that Stripe changes is shared in the currency it became, at its day's rate; so is what goes back."""
    shop.stripe.exchange("usd", "eur", "0.9137")
    payment = await shop.paid(Money.of("33.33", "USD"))
    await shop.run()
    (sent,) = shop.transfers(payment)
    assert (sent["currency"], sent["amount"]) == ("eur", 2740)  # 30.45 × 30.00 ÷ 33.33 = 27.407…
    await shop.refund(payment, Money.of("11.11", "USD"))
    await shop.run()
    assert shop.gained() == 1827
    dispute = shop.stripe.dispute(payment.provider_ref, amount=1111)["id"]
    await shop.heard(dispute)
    await shop.run()
    assert shop.gained() == 913
    shop.stripe.close_dispute(dispute, "lost")
    await shop.heard(dispute)
    await shop.run()
    assert shop.gained() == 913


async def test_other_tenants_and_modes_move_nothing(shop: Sharing) -> None:
    """The job of another tenant finds nothing of this one's; with the key gone nothing is claimed and nothing sent."""
    payment = await shop.paid()
    await shop.run(FALKE)
    assert shop.bench.things("transfer") == []
    shop.operator(platform_secret_key="sk_live_platform")
    await shop.bench.set(NORTH, **connect(NORTH), connect_account=shop.account)
    await shop.run()
    assert shop.bench.things("transfer") == []
    (found,) = await shop.findings()
    assert "1 (the key that took the payment is gone from the settings)" in found.text
    shop.operator(platform_secret_key="sk_test_platform")
    await shop.bench.set(NORTH, **connect(NORTH), connect_account=shop.account)
    shop.bench.later(minutes=6)
    await shop.run()
    assert shop.passed(payment) == Money.of(45, "EUR")


async def test_the_doctor_tells(shop: Sharing) -> None:
    """The check of the settings has the finding, among the errors."""
    await shop.paid()
    shop.stripe.world.owners[shop.account].thing["capabilities"]["transfers"] = "inactive"
    await shop.run()
    said = await check(shop.bench.ctx)
    assert [one.level for one in said if "may not receive transfers" in one.text] == ["error"]


async def test_the_doctor_tells_whatever_else_is_wrong(shop: Sharing) -> None:
    """Shares that are stuck are named also where nothing new can be paid: the account is out of the settings, belongs
    to somebody else, or there is no key at all.
    """
    await shop.paid()
    await shop.desk.accounts.update_async(shop.account, {"metadata": {"askpro_tenant": str(FALKE.id)}})
    shop.bench.later(hours=25)
    await shop.run()

    async def told() -> bool:
        return any("whose share could not be passed on: 1" in one.text for one in await check(shop.bench.ctx))

    assert await told()
    await shop.bench.set(NORTH, **connect(NORTH))
    assert await told()
    await shop.bench.set(NORTH, collecting="own")
    assert await told()
