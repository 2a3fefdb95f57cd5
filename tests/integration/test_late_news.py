"""News of money whose end seemed known: nobody asks by himself any more, so what is heard must not get lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from askpro import clock
from askpro.errors import Unavailable
from askpro.ids import new_id
from askpro.payments import inbox, queries, refunds, settle
from askpro.sdk.payments import ChargeResult, EventKind, Outcome, ProviderEvent, RefundResult
from house import BY
from paying import payer
from refunding import Till, till

pytestmark = pytest.mark.anyio
__all__ = ("payer", "till")


async def _silent(ctx: Any, key: str, provider_ref: str = "") -> RefundResult:
    return RefundResult(key=key, outcome=Outcome.UNKNOWN, code="timeout")


async def test_a_refund_that_came_back_is_heard_of_although_the_provider_was_silent(till: Till) -> None:
    """A settled refund is looked up by nobody: an event that cannot be followed up stays, and is tried again."""
    order = await till.paid("50")
    made = await till.refund(order, "20")
    till.desk.made[made.key].told = Outcome.DECLINED  # the bank has sent it back
    plain = till.desk.look_up_refund
    till.desk.look_up_refund = _silent  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await refunds.heard(till.tenant.id, "sandbox", made.key, "", "")
    assert await till.balance() == "30.00"
    till.desk.look_up_refund = plain  # type: ignore[method-assign]
    assert await refunds.heard(till.tenant.id, "sandbox", made.key, "", "") == ""

    assert ((await refunds.refund(till.tenant.id, made.id)).state, await till.balance()) == ("declined", "50.00")
    await till.proven()


async def test_a_refund_given_up_that_is_on_its_way_is_asked_about(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """It turns up after all, not paid yet: the janitor asks until it is, however silent the provider is between."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])
    order = await till.paid("50")
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "declined"
    assert await till.due() == []
    ref = till.desk.at_the_desk("", made.gross, Outcome.PENDING)
    till.desk.made[made.key] = late = till.desk.made[ref]
    assert await refunds.heard(till.tenant.id, "sandbox", made.key, ref, "") == ""
    plain, late.told = till.desk.look_up_refund, Outcome.SETTLED
    for answers in (_silent, plain):
        till.desk.look_up_refund = answers  # type: ignore[method-assign]
        moved[0] += timedelta(days=2)
        assert await till.due() == [made.id]
        await refunds.refresh(till.tenant.id, made.id, by=BY)

    assert ((await refunds.refund(till.tenant.id, made.id)).state, await till.balance()) == ("settled", "30.00")
    moved[0] += timedelta(days=2)
    assert await till.due() == []
    await till.proven()


async def test_a_refund_given_up_that_is_paid_after_all_counts_beyond_the_order(till: Till) -> None:
    """Others have used the order up meanwhile: the provider's money has left all the same, so the wallet owes it."""
    order = await till.paid("50")
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "40")
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "declined"
    await till.refund(order, "20")
    await till.spend(("30", "10"))
    payment = (await till.attempt(order)).provider_ref
    ref = till.desk.at_the_desk(payment, made.gross)
    till.desk.made[made.key] = till.desk.made[ref]
    for _ in range(2):
        assert await refunds.heard(till.tenant.id, "sandbox", "", ref, payment) == ""

    assert [one.state for one in await refunds.of_order(till.tenant.id, order.id)] == ["settled", "settled"]
    assert (await till.balance(), await till.clearing(), await till.commission()) == ("-40.00", "11.90", "0.00")
    assert (await refunds.refundable(till.tenant.id, order.id)).net.units == 0
    await till.proven()


async def test_money_after_a_refusal_is_heard_of_although_the_provider_was_silent(till: Till) -> None:
    """A declined payment is looked up by nobody: its event waits until the provider has answered."""
    order = await till.payer.order("50", key=str(new_id()))
    await till.payer.checkout(order)
    attempt = await till.attempt(order)
    refused = ChargeResult(key=str(attempt.id), outcome=Outcome.DECLINED, code="card_declined")
    assert (await settle.apply(till.tenant.id, attempt.id, refused, by=BY)).state == "declined"
    said = [
        ChargeResult(key=str(attempt.id), outcome=Outcome.UNKNOWN, code="timeout"),
        ChargeResult(key=str(attempt.id), outcome=Outcome.SETTLED, amount=order.gross, provider_ref="p-1"),
    ]

    async def look_up(ctx: Any, key: str, provider_ref: str = "") -> ChargeResult:
        return said.pop(0)

    till.desk.look_up = look_up  # type: ignore[attr-defined]
    event = ProviderEvent(
        id="e-1", kind=EventKind.PAYMENT, occurred_at=clock.now(), key=str(attempt.id), live=False
    )  # fmt: skip
    stored = await inbox.accept(till.tenant.id, "sandbox", event)
    with pytest.raises(Unavailable):
        await inbox.process(till.tenant.id, stored)
    assert (await inbox.event(till.tenant.id, stored)).processed_at is None
    await inbox.process(till.tenant.id, stored)

    assert (await queries.order(till.tenant.id, order.id)).state == "settled"
    assert await till.balance() == "50.00"
