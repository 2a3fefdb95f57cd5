"""Money that goes back: refunds, disputes, and shares for resellers."""

from __future__ import annotations

from typing import Any

import pytest
from stripe_bench import FALKE, NORTH, StripeBench, line, move, own, shared, stripe, tables

from askpro.errors import InvalidInput, NotFound
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import ChargeResult, DisputeState, Outcome, RefundRequest, TenantRef

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

REFUNDS = "/v1/refunds"


@pytest.fixture
async def bench(tables: Any) -> StripeBench:
    bench: StripeBench = await tables(own)
    return bench


async def paid(bench: StripeBench, token: str = "pm_card_visa") -> ChargeResult:
    request = bench.checkout()
    session = await bench.provider.create_checkout(bench.ctx, request)
    bench.stripe.pay(session.provider_ref, token)
    result = await bench.provider.look_up(bench.ctx, request.key)
    assert result.outcome is Outcome.SETTLED
    return result


def back(payment: ChargeResult, amount: str = "20") -> RefundRequest:
    return RefundRequest(
        key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=Money.of(amount, "EUR")
    )


async def test_a_lost_answer_pays_back_once(bench: StripeBench) -> None:
    """UNKNOWN first, the truth when it can be asked, one refund at Stripe."""
    request = back(await paid(bench))
    bench.line.cut_after = request.key
    first = await bench.provider.refund(bench.ctx, request)
    bench.line.dark = False
    again = await bench.provider.refund(bench.ctx, request)
    assert (first.outcome, again.outcome, again.amount) == (Outcome.UNKNOWN, Outcome.SETTLED, request.amount)
    assert len(bench.line.posted(REFUNDS)) == 1


async def test_a_refund_that_takes_its_time_or_fails(bench: StripeBench) -> None:
    """Pending until it arrives; one that comes back from the bank says why."""
    slow = back(await paid(bench, "pm_card_pendingRefund"))
    result = await bench.provider.refund(bench.ctx, slow)
    assert result.outcome is Outcome.PENDING
    bench.stripe.settle_refund(result.provider_ref)
    assert (await bench.provider.look_up_refund(bench.ctx, slow.key)).outcome is Outcome.SETTLED
    failing = back(await paid(bench))
    made = await bench.provider.refund(bench.ctx, failing)
    bench.stripe.settle_refund(made.provider_ref, "lost_or_stolen_card")
    failed = await bench.provider.look_up_refund(bench.ctx, failing.key)
    assert (failed.outcome, failed.code, failed.amount) == (Outcome.DECLINED, "lost_or_stolen_card", None)


async def test_a_refund_made_at_stripe_itself(bench: StripeBench) -> None:
    """Somebody refunds in the dashboard: it is found by its number and names its payment, for its own tenant only."""
    payment = await paid(bench)
    desk = bench.stripe.client("sk_test_north").v1
    made = await desk.refunds.create_async({"payment_intent": payment.provider_ref, "amount": 1500})
    found = await bench.provider.look_up_refund(bench.ctx, "", made.id)
    assert (found.outcome, found.amount, found.payment_ref) == (
        Outcome.SETTLED, Money.of(15, "EUR"), payment.provider_ref,
    )  # fmt: skip
    assert (await bench.provider.look_up_refund(bench.other, "", made.id)).outcome is Outcome.NOT_SENT
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.refund(bench.ctx, back(payment, "40"))
    assert refused.value.code == "refund_too_large"


async def test_nobody_refunds_another_tenants_payment(tables: Any) -> None:
    """On a shared account, with key and number known: refused, and nothing is sent."""
    bench: StripeBench = await tables(shared)
    payment = await paid(bench)
    other = bench.checkout(key=payment.key)
    await bench.provider.create_checkout(bench.other, other)
    with pytest.raises(InvalidInput) as refused:
        await bench.provider.refund(bench.other, back(payment))
    assert refused.value.code == "nothing_to_refund"
    assert bench.line.posted(REFUNDS) == []
    stray = await bench.provider.look_up(bench.other, str(new_id()), payment.provider_ref)
    assert stray.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("outcome", ["won", "lost"])
async def test_a_dispute(bench: StripeBench, outcome: str) -> None:
    """Withdrawn while it is argued about, with Stripe's fee and the day by which to answer; then won or lost."""
    payment = await paid(bench)
    ref = bench.stripe.dispute(payment.provider_ref)["id"]
    dispute = await bench.provider.look_up_dispute(bench.ctx, ref)
    assert (dispute.state, dispute.amount, dispute.payment_ref) == (
        DisputeState.WITHDRAWN, payment.amount, payment.provider_ref,
    )  # fmt: skip
    assert dispute.fee is not None
    assert dispute.fee > Money(0, "EUR")
    assert dispute.answer_by is not None
    assert dispute.answer_by > bench.ctx.now()
    bench.stripe.close_dispute(ref, outcome)
    assert (await bench.provider.look_up_dispute(bench.ctx, ref)).state.value == outcome


async def test_an_inquiry_takes_no_money(tables: Any) -> None:
    """A bank that only asks is an open dispute; and on a shared account other tenants learn nothing of it."""
    bench: StripeBench = await tables(shared)
    await paid(bench, "pm_card_createDisputeInquiry")
    (found,) = bench.things("dispute")
    assert (await bench.provider.look_up_dispute(bench.ctx, found["id"])).state is DisputeState.OPEN
    with pytest.raises(NotFound):
        await bench.provider.look_up_dispute(bench.other, found["id"])


@pytest.mark.parametrize("tenant", [NORTH, FALKE])
async def test_every_event_of_a_payments_life(tables: Any, tenant: TenantRef) -> None:
    """At the platform's endpoint each event of a payment, its refund and its dispute finds the tenant it is about."""
    bench: StripeBench = await tables(shared)
    payment = await paid(bench)
    await bench.provider.refund(bench.ctx, back(payment))
    bench.stripe.dispute(payment.provider_ref, amount=1000)
    ctx = bench.ctx if tenant == NORTH else bench.other
    told = []
    for event in bench.stripe.events():
        read = await bench.provider.verify_event(ctx, *bench.delivery(event, "whsec_platform"))
        told.append((read.kind.value, read.tenant))
    kinds = {kind for kind, owner in told if owner == ""} - {"ignored"}
    assert kinds == ({"payment", "refund", "dispute"} if tenant == NORTH else set())
    assert {owner for _, owner in told} - {""} == (set() if tenant == NORTH else {str(NORTH.id)})
