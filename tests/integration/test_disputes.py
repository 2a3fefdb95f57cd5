"""Disputes: freeze, take, give back; alike in whichever order the events come, and never more than the order."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest

from askpro import clock
from askpro.errors import Conflict, InvalidInput, NotFound, Unavailable, WalletFrozen
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Bucket, Transfer
from askpro.money import Money
from askpro.payments import disputes, refunds, settle
from askpro.payments.model import Order
from askpro.payments.refund_model import Dispute as Case
from askpro.sdk.payments import ChargeResult, Dispute, DisputeState, Outcome
from askpro.tenancy import audit
from house import BY, customer, reseller
from paying import payer
from refunding import Till, till

pytestmark = pytest.mark.anyio
__all__ = ("payer", "till")

OPEN, WITHDRAWN, LOST, WON = DisputeState.OPEN, DisputeState.WITHDRAWN, DisputeState.LOST, DisputeState.WON


async def claim(
    till: Till, order: Order, amount: str = "59.50", state: DisputeState = WITHDRAWN, ref: str = "d-1"
) -> Case:
    """The bank says so, the event comes, the case as it is then."""
    attempt = await till.attempt(order)
    till.desk.disputes[ref] = Dispute(
        ref=ref, payment_ref=attempt.provider_ref, amount=till.money(amount), state=state, reason="fraudulent",
        fee=till.money("20"), answer_by=datetime(2026, 12, 1, tzinfo=UTC),
    )  # fmt: skip
    assert await disputes.heard(till.tenant.id, "sandbox", ref, attempt.provider_ref) == ""
    [case] = [one for one in await disputes.of_order(till.tenant.id, order.id) if one.ref == ref]
    return case


async def test_an_inquiry_only_tells(till: Till) -> None:
    """The money is still ours: no freeze, no booking, one fact."""
    order = await till.paid("50")
    case = await claim(till, order, state=OPEN)
    await claim(till, order, state=OPEN)

    assert (case.state, case.amount, case.fee, case.reason) == (
        "open", till.money("59.50"), till.money("20"), "fraudulent",
    )  # fmt: skip
    assert (await till.balance(), await till.frozen()) == ("50.00", False)
    [fact] = await till.told("dispute.opened")
    assert (fact["order"], fact["amount"], fact["answer_by"]) == (
        str(order.id), 59_500_000, "2026-12-01T00:00:00+00:00",
    )  # fmt: skip


async def test_withdrawn_freezes_and_won_releases(till: Till) -> None:
    """While it is argued about nothing leaves the wallet and nothing is taken; won is as if nothing had been."""
    order = await till.paid("50")
    case = await claim(till, order)
    assert (case.froze, await till.frozen(), await till.balance()) == (True, True, "50.00")
    with pytest.raises(WalletFrozen):
        await till.refund(order, "10")
    case = await claim(till, order, state=WON)

    assert (case.state, case.froze, await till.frozen(), await till.balance()) == ("won", False, False, "50.00")
    assert [len(await till.told(f"dispute.{kind}")) for kind in ("opened", "withdrawn", "won")] == [0, 1, 1]
    await till.proven()


async def test_lost_takes_credit_tax_and_commission(till: Till) -> None:
    """100 paid, 60 used with 9.00 commission, all lost: −60, no VAT, no commission; frozen until staff release."""
    order = await till.paid("100")
    await till.spend(("60", "9"))
    await claim(till, order, "119")
    case = await claim(till, order, "119", LOST)

    assert (case.net, case.tax, case.clawed) == (till.money("100"), till.money("19"), till.money("100"))
    assert (await till.balance(), await till.vat(), await till.clearing(), await till.commission()) == (
        "-60.00", "0.00", "0.00", "0.00",
    )  # fmt: skip
    assert await till.frozen()
    assert [one.id for one in await disputes.of_tenant(till.tenant.id, open_only=True)] == [case.id]
    await disputes.release(till.tenant.id, till.wallet, reason="paid by transfer", by=BY)
    assert not await till.frozen()
    assert await disputes.of_tenant(till.tenant.id, open_only=True) == []
    [entry] = await audit.entries(till.tenant.id, action="wallet.released")
    assert entry.detail == {"reason": "paid by transfer", "disputes": [str(case.id)]}
    await till.proven()


async def test_won_after_lost_gives_back_what_was_taken(till: Till) -> None:
    """Failure 21: net = clawed − reinstated, in the ledger's units; heard again nothing more comes back."""
    order = await till.paid("100")
    await till.spend(("60", "9"))
    await claim(till, order, "59.50", LOST)
    assert (await till.balance(), await till.commission(), await till.vat()) == ("-10.00", "7.50", "9.50")
    for _ in range(3):
        case = await claim(till, order, "59.50", WON)

    assert (case.net, case.clawed, case.reinstated) == (till.money("0"), till.money("50"), till.money("50"))
    assert (await till.balance(), await till.commission(), await till.vat(), await till.clearing()) == (
        "40.00", "9.00", "19.00", "-119.00",
    )  # fmt: skip
    assert (await till.rests(), await till.frozen()) == (["40.00"], False)
    await till.proven()


async def test_what_comes_back_keeps_its_bucket_and_its_end(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank took 30 of bonus credit too, which has expired when it is won: back in its bucket, its end unchanged."""
    order = await till.paid("50")
    await till.spend(("30", "0"))
    bonus = AccountKind.PROMO_EXPENSE
    now, end = clock.now(), clock.now() + timedelta(days=1)
    granted = Transfer(
        tenant=till.tenant.id, debit=account_id(till.tenant.id, bonus, "EUR"), credit=till.wallet, amount=40_000_000,
        kind="promo", day=now.date(), occurred_at=now, actor="t", bucket=Bucket("promo", 5, end),
    )  # fmt: skip
    await ledger.post(granted)
    await claim(till, order, state=LOST)
    assert await till.rests() == ["0.00", "10.00"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=3))
    await claim(till, order, state=WON)
    assert await till.rests() == ["20.00", "40.00"]
    ends = "select expires_at from ledger.bucket where tenant_id = $1 and transfer_id = $2"
    assert await till.fetch(ends, granted.id) == end
    await till.proven()


@pytest.mark.parametrize("last", [WITHDRAWN, LOST, WON])
async def test_all_orders_of_events_end_alike(till: Till, last: DisputeState) -> None:
    """Every permutation of the states up to the last, and each doubled: wallet, freeze, tax and commission alike."""
    known = (OPEN, WITHDRAWN, LOST, WON)
    states = known[: known.index(last) + 1]
    orders = [*permutations(states), *((*one, *reversed(one)) for one in permutations(states))]
    ends = set()
    for n, order_of_events in enumerate(orders):
        own = Till(till.payer, till.desk, await customer(till.tenant.id, f"P-{n}"))
        paid = await own.paid("100")
        await own.spend(("60", "9"))
        before = await own.commission()
        for state in order_of_events:
            case = await claim(own, paid, "59.50", state, f"d-{n}")
        clawed = float(before) - float(await own.commission())
        ends.add((case.state, case.froze, await own.frozen(), await own.balance(), case.net, f"{clawed:.2f}"))
    await till.proven()

    zero, fifty = till.money("0"), till.money("50")
    expected = {
        WITHDRAWN: ("withdrawn", True, True, "40.00", zero, "0.00"),
        LOST: ("lost", True, True, "-10.00", fifty, "1.50"),
        WON: ("won", False, False, "40.00", zero, "0.00"),
    }
    # whoever came last, the state is the furthest; commission that was clawed and released in between is back
    assert ends == {expected[last]}


async def test_the_same_event_at_once(till: Till) -> None:
    """Ten deliveries of one event, and of two stages mixed: one case, one booking."""
    order = await till.paid("50")
    await claim(till, order, state=LOST)
    attempt = await till.attempt(order)
    await asyncio.gather(*(disputes.heard(till.tenant.id, "sandbox", "d-1", attempt.provider_ref) for _ in range(10)))

    assert (len(await disputes.of_order(till.tenant.id, order.id)), await till.balance()) == (1, "0.00")
    assert len(await till.told("dispute.lost")) == 1


async def test_two_disputes_hold_one_wallet(till: Till) -> None:
    """The wallet is released with the last of them, whoever froze it first."""
    first, second = await till.paid("50"), await till.paid("50")
    await claim(till, first, ref="a")
    await claim(till, second, ref="b")
    await claim(till, first, ref="a", state=WON)
    assert await till.frozen()
    await claim(till, second, ref="b", state=WON)
    assert not await till.frozen()


async def test_disputes_that_end_at_once_release_the_wallet(till: Till) -> None:
    """Both are won in the same moment: neither leaves the release to the other."""
    for turn in range(5):
        pairs = [(await till.paid("50"), f"{turn}-{n}") for n in range(3)]
        for order, ref in pairs:
            await claim(till, order, ref=ref)
        await asyncio.gather(*(claim(till, order, ref=ref, state=WON) for order, ref in pairs))
        assert not await till.frozen()


async def test_a_wallet_that_staff_froze_stays_frozen(till: Till) -> None:
    """It was not the dispute that froze it, so a won dispute does not release it; nor is it staff's to release here."""
    order = await till.paid("50")
    await ledger.set_terms(till.tenant.id, till.wallet, frozen=True)
    assert not (await claim(till, order)).froze
    await claim(till, order, state=WON)

    assert await till.frozen()
    with pytest.raises(Conflict) as refused:
        await disputes.release(till.tenant.id, till.wallet, reason="why not", by=BY)
    assert refused.value.code == "not_frozen"


async def test_a_released_wallet_is_not_frozen_again_by_the_same_dispute(till: Till) -> None:
    """Staff have decided; the dispute goes on, and is lost: the money is taken, the wallet stays open."""
    order = await till.paid("50")
    await claim(till, order)
    await disputes.release(till.tenant.id, till.wallet, reason="known customer", by=BY)
    case = await claim(till, order, state=LOST)

    assert (case.froze, await till.frozen(), await till.balance()) == (False, False, "0.00")


async def test_a_release_in_the_middle_of_a_move_holds(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff release the wallet while the dispute is being lost: whoever is first, it stays released."""
    await claim(till, order := await till.paid("50"))
    read, freeing = disputes._case, []

    async def read_and_wait(*args: Any) -> tuple[Case, bool]:
        found = await read(*args)
        release = disputes.release(till.tenant.id, till.wallet, reason="known customer", by=BY)
        freeing.append(asyncio.create_task(release, context=Context()))
        await asyncio.wait(freeing, timeout=0.3)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(disputes, "_case", read_and_wait)
        await claim(till, order, state=LOST)
    await asyncio.gather(*freeing)

    [case] = await disputes.of_order(till.tenant.id, order.id)
    assert (case.state, case.froze, await till.frozen()) == ("lost", False, False)


async def test_refund_and_dispute_together_never_exceed_the_order(till: Till) -> None:
    """20 are refunded, the bank then takes all: 30 more, not 50. Lost again under another number: nothing more."""
    order = await till.paid("50")
    await till.refund(order, "20")
    case = await claim(till, order, "59.50", LOST)
    assert (case.net, await till.balance(), await till.vat()) == (till.money("30"), "0.00", "0.00")
    second = await claim(till, order, "59.50", LOST, "d-2")

    assert (second.net, await till.balance(), await till.clearing()) == (till.money("0"), "0.00", "0.00")
    await till.proven()


async def test_a_refund_that_fails_leaves_its_part_to_the_bank(till: Till) -> None:
    """30 were on their way to the customer when the bank took what was left; they come back, and the bank gets them."""
    order = await till.paid("50")
    till.desk.next = Outcome.PENDING
    made = await till.refund(order, "30")
    case = await claim(till, order, "59.50", LOST)
    assert (case.net, await till.balance()) == (till.money("20"), "0.00")
    till.desk.made[made.key].told = Outcome.DECLINED
    after = await refunds.refresh(till.tenant.id, made.id, by=BY)
    case = await disputes.dispute(till.tenant.id, case.id)

    assert (after.state, case.net, case.clawed) == ("declined", till.money("50"), till.money("50"))
    assert (await till.balance(), await till.clearing()) == ("0.00", "0.00")
    await claim(till, order, "59.50", WON)
    assert (await till.balance(), await till.vat(), await till.clearing()) == ("50.00", "9.50", "-59.50")
    await till.proven()


async def test_staff_can_ask_how_a_dispute_stands(till: Till) -> None:
    """``refresh`` moves it as an event would; somebody else's is not found."""
    order = await till.paid("50")
    case = await claim(till, order)
    far = await reseller("far")
    till.desk.disputes["d-1"] = Dispute(
        ref="d-1", payment_ref="", amount=till.money("59.50"), state=WON, reason="fraudulent"
    )

    assert (await disputes.refresh(till.tenant.id, case.id, by=BY)).state == "won"
    with pytest.raises(NotFound):
        await disputes.refresh(far.id, case.id, by=BY)


async def test_what_is_no_dispute_of_ours(till: Till) -> None:
    """Unknown there: remarked. Of a payment that is not known here: tried again. In another currency: shown."""
    order = await till.paid("50")
    assert await disputes.heard(till.tenant.id, "sandbox", "nothing", "") == "no dispute of ours (not_found)"
    odd = Dispute(ref="odd", payment_ref="strange", amount=till.money("1"), state=LOST)
    till.desk.disputes["odd"] = odd
    with pytest.raises(Unavailable):
        await disputes.heard(till.tenant.id, "sandbox", "odd", "")
    attempt = await till.attempt(order)
    with pytest.raises(Conflict) as refused:
        await disputes.apply(till.tenant.id, attempt, replace(odd, amount=Money.of(1, "USD")), by=BY)
    assert refused.value.code == "currency_mismatch"
    assert await till.balance() == "50.00"


async def test_a_release_needs_a_reason_and_a_wallet(till: Till) -> None:
    """Nothing is released in passing, and no wallet of somebody else's."""
    with pytest.raises(InvalidInput):
        await disputes.release(till.tenant.id, till.wallet, reason=" ", by=BY)
    with pytest.raises(NotFound):
        await disputes.release(till.tenant.id, new_id(), reason="x", by=BY)


@pytest.mark.parametrize("seed", range(4))
async def test_disputes_at_random_keep_the_books(till: Till, seed: int) -> None:
    """Orders, and disputes of any amount and state in any order: what is taken fits them, and the proof is green."""
    dice = Random(seed)
    orders = [await till.paid("50") for _ in range(3)]
    await till.spend(("70", "7"))
    for _ in range(25):
        order = dice.choice(orders)
        await claim(
            till, order, dice.choice(("5", "30.01", "59.50")), dice.choice((OPEN, WITHDRAWN, LOST, WON)),
            f"{order.id}-{dice.randrange(3)}",
        )  # fmt: skip
    total = 0
    for order in orders:
        cases = await disputes.of_order(till.tenant.id, order.id)
        taken = sum(one.net.units for one in cases)
        wanted = sum(one.amount.units for one in cases if one.state == "lost")
        assert taken + sum(one.tax.units for one in cases) == min(wanted, order.gross.units)
        assert all(not one.net for one in cases if one.state != "lost")
        total += taken
    assert await till.balance() == f"{80 - total / 1_000_000:.2f}"
    assert await till.frozen() == any(one.froze for one in await disputes.of_tenant(till.tenant.id))
    await till.proven()


async def flagged(till: Till, amount: str, ref: str) -> Order:
    """An order for which money came that does not fit it."""
    order = await till.payer.order("50", key=str(new_id()))
    await till.payer.checkout(order)
    attempt = await till.attempt(order)
    odd = ChargeResult(key=str(attempt.id), outcome=Outcome.SETTLED, amount=till.money(amount), provider_ref=ref)
    return await settle.apply(till.tenant.id, attempt.id, odd, by=BY)


async def test_a_dispute_of_money_that_was_never_credited_is_remarked(till: Till) -> None:
    """Flagged money is in no wallet: the operator reads it at the event, which is not tried for ever."""
    order = await flagged(till, "61", "odd-1")
    assert order.flag == "amount_mismatch"
    till.desk.disputes["d-9"] = Dispute(ref="d-9", payment_ref="odd-1", amount=till.money("61"), state=LOST)

    assert await disputes.heard(till.tenant.id, "sandbox", "d-9", "") == (
        "this payment was never credited (amount_mismatch)"
    )
    assert (await disputes.of_order(till.tenant.id, order.id), await till.frozen()) == ([], False)


async def test_of_an_order_paid_twice_the_second_payment_is_remarked(till: Till) -> None:
    """The first payment was credited, the second is for a person: a dispute of each ends where it belongs."""
    order = await till.paid("50")
    attempt = await till.attempt(order)
    twice = ChargeResult(key=str(attempt.id), outcome=Outcome.SETTLED, amount=order.gross, provider_ref="second")
    assert (await settle.apply(till.tenant.id, attempt.id, twice, by=BY)).flag == "paid_twice"
    till.desk.disputes["d-2"] = Dispute(ref="d-2", payment_ref="second", amount=order.gross, state=LOST)
    assert await disputes.heard(till.tenant.id, "sandbox", "d-2", "") == "this payment was never credited (paid_twice)"
    assert await till.balance() == "50.00"
    case = await claim(till, order, state=LOST)

    assert (case.state, await till.balance()) == ("lost", "0.00")
