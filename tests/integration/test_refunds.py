"""Money goes back: never more than is left, out of the wallet before the provider is asked, and back if it fails."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.errors import (
    AskProError,
    Conflict,
    InsufficientFunds,
    InvalidInput,
    NotFound,
    PluginUnavailable,
    Unavailable,
    WalletFrozen,
)
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.payments import providers, refund_jobs, refunds, settle
from askpro.sdk.payments import ChargeResult, Feature, Outcome, RefundRequest, RefundResult
from askpro_sandbox.provider import decide
from house import BY, reseller
from paying import SETTINGS, payer
from refunding import Till, till

pytestmark = pytest.mark.anyio
__all__ = ("payer", "till")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def by(**time: float) -> None:
        moved[0] += timedelta(**time)

    return by


# asking


async def test_a_refund_takes_credit_and_tax_and_pays_both(till: Till) -> None:
    """Of 50.00 + 9.50 go 20.00 + 3.80 back: wallet 30.00, VAT 5.70, clearing −35.70, from the order's own bucket."""
    order = await till.paid("50")
    made = await till.refund(order, "20")

    assert (made.state, made.net, made.tax, made.gross) == (
        "settled", till.money("20"), till.money("3.80"), till.money("23.80"),
    )  # fmt: skip
    assert (await till.balance(), await till.vat(), await till.clearing()) == ("30.00", "5.70", "-35.70")
    assert await till.rests() == ["30.00"]
    assert till.desk.made[str(made.id)].amount == till.money("23.80")
    assert till.desk.units == [None]  # asked outside of any unit
    [fact] = await till.told("refund.settled")
    assert (fact["refund"], fact["order"], fact["gross"], fact["reference"]) == (
        str(made.id), str(order.id), 23_800_000, order.reference,
    )  # fmt: skip
    await till.proven()


async def test_the_sandbox_pays_back(till: Till) -> None:
    """The same with the sandbox's own provider, which refuses more than is left by itself."""
    plugin, _ = till.payer.host._providers.find("sandbox")
    till.payer.host._providers._held["sandbox"] = (plugin, till.desk._inner)
    order = await till.payer.order("50")
    _, url = await till.payer.checkout(order)
    one = await providers.provider(till.tenant.id, "sandbox")
    await decide(one.ctx, UUID(url.rpartition("/")[2]), "succeed")
    await settle.refresh(till.tenant.id, (await till.attempt(order)).id, by=BY)
    made = await till.refund(order, "50")

    assert (made.state, made.gross, await till.balance()) == ("settled", till.money("59.50"), "0.00")


async def test_parts_add_up_to_the_order(till: Till) -> None:
    """Three odd parts: net, tax and gross together are the order's to the unit, and then nothing is left."""
    order = await till.paid("10")
    made = [await till.refund(order, net) for net in ("3.33", "3.33", "3.34")]

    assert [str(one.gross.decimal.normalize()) for one in made] == ["3.96", "3.97", "3.97"]
    assert (await till.balance(), await till.vat(), await till.clearing()) == ("0.00", "0.00", "0.00")
    with pytest.raises(Conflict) as refused:
        await till.refund(order, "0.01")
    assert refused.value.code == "exceeds_original"
    await till.proven()


async def test_what_is_spent_is_not_paid_back(till: Till) -> None:
    """Calls have used 30.00: 20.00 can go back, 20.01 cannot, although another top-up lies beside it."""
    order, other = await till.paid("50"), await till.paid("50")
    await till.spend(("30", "0"))

    assert (await refunds.refundable(till.tenant.id, order.id)).net == till.money("20")
    assert (await refunds.refundable(till.tenant.id, other.id)).net == till.money("50")
    with pytest.raises(Conflict) as refused:
        await till.refund(order, "20.01")
    assert refused.value.code == "already_spent"
    await till.refund(order, "20")
    assert await till.rests() == ["0.00", "50.00"]
    assert (await refunds.refundable(till.tenant.id, order.id)).why == "already_spent"


async def test_fractions_of_a_coin_stay(till: Till) -> None:
    """A call of 0.123456 leaves 49.876544: 49.87 can go back, in whole coins."""
    order = await till.paid("50")
    await till.spend(("0.123456", "0"))
    left = await refunds.refundable(till.tenant.id, order.id)

    assert (left.net, left.gross, left.why) == (till.money("49.87"), till.money("59.35"), "")
    made = await till.refund(order, "49.87")
    assert made.gross == till.money("59.35")
    await till.proven()


async def test_what_calls_hold_is_not_paid_back(till: Till, database: Any) -> None:
    """Money set aside for calls in progress is not there."""
    order = await till.paid("50")
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute("update ledger.wallet set held = 40000000 where id = $1", till.wallet)
    await admin.close()

    assert (await refunds.refundable(till.tenant.id, order.id)).net == till.money("10")
    with pytest.raises(InsufficientFunds):
        await till.refund(order, "10.01")


async def test_a_frozen_wallet_pays_nothing_back(till: Till) -> None:
    """While somebody argues about money, none leaves; nothing is written down."""
    order = await till.paid("50")
    await ledger.set_terms(till.tenant.id, till.wallet, frozen=True)

    with pytest.raises(WalletFrozen):
        await till.refund(order, "10")
    assert (await refunds.refundable(till.tenant.id, order.id)).why == "wallet_frozen"
    assert await refunds.of_order(till.tenant.id, order.id) == []


@pytest.mark.parametrize(
    ("net", "key", "code"),
    [("0.001", "k", "amount_too_fine"), ("0", "k", "amount_too_fine"), ("-5", "k", "amount_too_fine"),
     ("5", "", "idempotency_key_invalid")],
)  # fmt: skip
async def test_what_is_no_refund_is_refused(till: Till, net: str, key: str, code: str) -> None:
    """Nothing, less than nothing, half a coin, no key (failures 5, 20)."""
    order = await till.paid("50")

    with pytest.raises(InvalidInput) as refused:
        await refunds.begin(till.tenant, order.id, till.money(net), idempotency=key, reason="", by=BY)
    assert refused.value.code == code


async def test_only_paid_orders_of_this_tenant(till: Till) -> None:
    """An open order, and the order of somebody else."""
    order = await till.payer.order("50")
    far = await reseller("far", settings=SETTINGS)

    with pytest.raises(Conflict) as refused:
        await till.refund(order, "1")
    assert refused.value.code == "not_paid"
    with pytest.raises(NotFound):
        await refunds.begin(far, order.id, till.money("1"), idempotency="k", reason="", by=BY)
    with pytest.raises(NotFound):
        await refunds.refundable(far.id, order.id)


async def test_a_provider_that_pays_back_the_whole_or_nothing(till: Till) -> None:
    """Without PARTIAL_REFUND only the whole order; without REFUND nothing."""
    order = await till.paid("50")
    till.desk.features.discard(Feature.PARTIAL_REFUND)

    with pytest.raises(Conflict) as refused:
        await till.refund(order, "49.99")
    assert refused.value.code == "partial_refund_not_supported"
    assert (await refunds.refundable(till.tenant.id, order.id)).whole_only
    till.desk.features.discard(Feature.REFUND)
    with pytest.raises(Conflict) as refused:
        await till.refund(order, "50")
    assert refused.value.code == "refund_not_supported"
    till.desk.features.add(Feature.REFUND)
    assert (await till.refund(order, "50")).state == "settled"


async def test_one_key_is_one_refund(till: Till) -> None:
    """Ten presses at once: one refund here and there; the same key for another amount is refused (D12)."""
    order = await till.paid("50")
    found = await asyncio.gather(*(till.refund(order, "10", "same") for _ in range(10)))

    assert len({one.id for one in found}) == 1
    assert (await till.balance(), len(till.desk.made)) == ("40.00", 1)
    with pytest.raises(InvalidInput) as refused:
        await till.refund(order, "11", "same")
    assert refused.value.code == "idempotency_key_reused"


async def test_twenty_at_once_never_take_more_than_the_rest(till: Till) -> None:
    """Twenty refunds of 10.00 on an order with 50.00: five go through, the wallet ends at nothing, never below."""
    order = await till.paid("50")

    async def one() -> str:
        try:
            return (await till.refund(order, "10")).state
        except AskProError as error:
            return error.code

    ends = await asyncio.gather(*(one() for _ in range(20)))

    assert sorted(set(ends)) == ["exceeds_original", "settled"]
    assert ends.count("settled") == len(till.desk.made) == 5
    assert (await till.balance(), await till.clearing()) == ("0.00", "0.00")
    await till.proven()


async def test_refunds_and_calls_at_once(till: Till) -> None:
    """Both want the last money: whatever goes first, none is spent twice."""
    order = await till.paid("50")
    await till.spend(("40", "0"))

    async def back() -> str:
        try:
            return (await till.refund(order, "10")).state
        except AskProError as error:
            return error.code

    end, *_ = await asyncio.gather(back(), *(till.spend(("2", "0")) for _ in range(5)))

    assert end in ("settled", "already_spent", "insufficient_funds")
    assert await till.balance() == "0.00"
    await till.proven()


# what the provider says


async def test_a_declined_refund_gives_the_credit_back(till: Till) -> None:
    """To the same bucket; then it can be asked for again."""
    order = await till.paid("50")
    await till.paid("10")
    till.desk.next = Outcome.DECLINED
    made = await till.refund(order, "20")

    assert (made.state, made.code, await till.balance()) == ("declined", "x", "60.00")
    assert (await till.rests(), await till.vat()) == (["50.00", "10.00"], "11.40")
    assert len(await till.told("refund.declined")) == 1
    assert (await till.refund(order, "50")).state == "settled"
    assert await till.rests() == ["0.00", "10.00"]
    await till.proven()


async def test_a_pending_refund_has_left_the_wallet(till: Till) -> None:
    """It is told once, looked up later, and settles without being sent again."""
    order = await till.paid("50")
    till.desk.next = Outcome.PENDING
    made = await till.refund(order, "50")

    assert (made.state, await till.balance()) == ("pending", "0.00")
    till.desk.made[str(made.id)].told = Outcome.SETTLED
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "settled"
    assert (len(await till.told("refund.pending")), len(await till.told("refund.settled"))) == (1, 1)
    assert till.desk.calls == 1


@pytest.mark.parametrize("crashes", [True, False])
async def test_a_lost_answer_is_looked_up_and_never_sent_again(till: Till, later: Any, crashes: bool) -> None:
    """Unknown keeps the credit out; the janitor asks after five minutes and finds it paid: one refund."""
    order = await till.paid("50")
    till.desk.next, till.desk.crashes = Outcome.UNKNOWN, crashes
    made = await till.refund(order, "20")

    assert (made.state, await till.balance(), await till.due()) == ("unknown", "30.00", [])
    later(minutes=6)
    assert await till.due() == [made.id]
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "settled"
    assert (till.desk.calls, await till.due(), await till.balance()) == (1, [], "30.00")


async def test_a_request_that_got_lost_on_its_way_gives_the_credit_back(till: Till) -> None:
    """Unknown, and then the provider has never heard of it: declined, and not sent by itself."""
    order = await till.paid("50")
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    assert made.state == "unknown"

    after = await refunds.refresh(till.tenant.id, made.id, by=BY)
    assert (after.state, await till.balance(), till.desk.calls) == ("declined", "50.00", 1)
    await till.proven()


async def test_money_that_went_after_all_is_taken_again(till: Till) -> None:
    """Taken for lost, spent meanwhile, and then paid: the wallet owes it, and it stays settled."""
    order = await till.paid("50")
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    await refunds.refresh(till.tenant.id, made.id, by=BY)
    await till.spend(("45", "4.50"))
    settled = RefundResult(key=made.key, outcome=Outcome.SETTLED, amount=made.gross, provider_ref="late")
    for _ in range(3):
        after = await refunds.apply(till.tenant.id, made.id, settled, by=BY)

    assert (after.state, after.provider_ref, await till.balance()) == ("settled", "late", "-15.00")
    assert await till.commission() == "3.00"  # 4.50 − 15/45 of it
    await till.proven()


async def test_a_settled_refund_may_come_back_once(till: Till) -> None:
    """The bank returns it: the credit is back, once, whatever is heard after."""
    order = await till.paid("50")
    made = await till.refund(order, "50")
    till.desk.made[str(made.id)].told = Outcome.DECLINED
    for _ in range(3):
        await refunds.heard(till.tenant.id, "sandbox", made.key, "", "")
    settled = RefundResult(key=made.key, outcome=Outcome.SETTLED, amount=made.gross, provider_ref="x")
    after = await refunds.apply(till.tenant.id, made.id, settled, by=BY)

    assert (after.state, await till.balance(), await till.vat()) == ("declined", "50.00", "9.50")
    assert after.settled_at is not None
    assert len(await till.told("refund.declined")) == 1
    await till.proven()


async def test_cut_off_before_the_provider_was_asked(till: Till, later: Any) -> None:
    """Killed between commit and call: the credit is out; the janitor sends it, once, under its own key."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    assert (made.state, await till.balance(), till.desk.calls) == ("new", "30.00", 0)
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "new"  # somebody may be sending it

    later(minutes=6)
    for one in await till.due():
        await asyncio.gather(*(refunds.refresh(till.tenant.id, one, by=BY) for _ in range(4)))

    after = await refunds.refund(till.tenant.id, made.id)
    assert (after.state, list(till.desk.made), await till.balance()) == ("settled", [str(made.id)], "30.00")
    assert await till.due() == []


async def test_while_the_provider_is_away_nothing_is_decided(till: Till, later: Any) -> None:
    """A refund that was not sent waits until the provider can be asked, and is sent then."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    later(minutes=6)
    inner, till.desk.look_up_refund = till.desk.look_up_refund, None  # type: ignore[method-assign, assignment]
    waiting = await refunds.refresh(till.tenant.id, made.id, by=BY)
    assert (waiting.state, await till.due()) == ("new", [])
    till.desk.look_up_refund = inner  # type: ignore[method-assign]
    later(hours=2)
    assert await till.due() == [made.id]
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "settled"


async def test_the_job_sends_what_was_asked_for_in_a_unit(till: Till) -> None:
    """As the API does it: asked inside a unit, sent by the worker after the commit; a second job does nothing."""
    order = await till.paid("50")
    able = await refunds.learn(till.tenant.id, order.id)
    async with db.unit(till.tenant.id):
        ask = {"idempotency": "k", "reason": "", "by": BY}
        with pytest.raises(RuntimeError, match="inside a unit"):  # not even what the provider can do
            await refunds.ask(till.tenant, order.id, till.money("20"), **ask)
        made = await refunds.ask(till.tenant, order.id, till.money("20"), able=able, **ask)
        await refund_jobs.send_soon(till.tenant.id, made)
        with pytest.raises(RuntimeError, match="inside a unit"):
            await refunds.send(till.tenant.id, made.id, by=BY)
    for _ in range(2):
        await refund_jobs.send_job(str(till.tenant.id), str(made.id))

    assert ((await refunds.refund(till.tenant.id, made.id)).state, till.desk.calls) == ("settled", 1)


# made at the provider's own desk


async def test_a_refund_at_the_desk_is_booked_with_its_share(till: Till) -> None:
    """23.80 of 59.50 are 20.00 net and 3.80 tax; heard ten times at once, booked once."""
    order = await till.paid("50")
    payment = (await till.attempt(order)).provider_ref
    ref = till.desk.at_the_desk(payment, till.money("23.80"))
    await asyncio.gather(*(refunds.heard(till.tenant.id, "sandbox", "", ref, payment) for _ in range(10)))
    [made] = await refunds.of_order(till.tenant.id, order.id)

    assert (made.origin, made.state, made.net, made.tax, made.provider_ref) == (
        "provider", "settled", till.money("20"), till.money("3.80"), ref,
    )  # fmt: skip
    assert (await till.balance(), await till.vat(), await till.clearing()) == ("30.00", "5.70", "-35.70")
    assert len(await till.told("refund.settled")) == 1
    await till.proven()


async def test_the_example_of_d8(till: Till) -> None:
    """P 100, 60 consumed with 9.00 commission, 50 reversed: 40 unspent leave, 10 are short, 1.50 are clawed back."""
    order = await till.paid("100")
    await till.spend(("40", "6"), ("20", "3"))
    assert (await till.rests(), await till.commission()) == (["40.00"], "9.00")
    await till.back(order, "59.50")

    assert (await till.rests(), await till.balance(), await till.commission()) == (["0.00"], "-10.00", "7.50")
    booked = "select sum(amount)::bigint from ledger.transfer where tenant_id = $1 and kind = 'commission_clawback'"
    assert await till.fetch(booked) == 1_500_000
    await till.proven()


async def test_commission_counts_only_for_calls_that_this_payment_paid(till: Till) -> None:
    """A train paid from two top-ups: each has its part of the commission, pro rata."""
    first, second = await till.paid("50"), await till.paid("50")
    await till.spend(("50", "5"), ("25", "4"))  # 50 from the first, 25 from the second: 6.00 and 3.00
    await till.back(second, "59.50")
    assert (await till.balance(), await till.commission()) == ("-25.00", "6.00")
    await till.back(first, "29.75")
    assert (await till.balance(), await till.commission()) == ("-50.00", "3.00")
    await till.proven()


async def test_more_than_was_paid_is_never_booked(till: Till) -> None:
    """Ours and the desk's together: what exceeds the order is said and not taken from the wallet."""
    order = await till.paid("50")
    await till.refund(order, "30")
    said = await till.back(order, "59.50")
    again = await till.back(order, "1.19")

    assert (said, again) == ("more was paid back than was left of this payment", "nothing is left of this payment")
    capped = (await refunds.of_order(till.tenant.id, order.id))[0]
    await refunds.heard(till.tenant.id, "sandbox", "", capped.provider_ref, "")
    till.desk.made[capped.provider_ref].told = Outcome.DECLINED
    assert (await refunds.refresh(till.tenant.id, capped.id, by=BY)).state == "declined"
    assert await till.balance() == "20.00"
    await till.refund(order, "20")
    assert (await till.balance(), await till.vat(), await till.clearing()) == ("0.00", "0.00", "0.00")
    await till.proven()


async def test_our_own_refund_is_not_taken_for_the_desks(till: Till) -> None:
    """An event with the number only, while our request is still unanswered: tried again, and never booked twice."""
    order = await till.paid("50")
    payment = (await till.attempt(order)).provider_ref
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    attempt = await till.attempt(order)
    request = RefundRequest(
        key=made.key, payment_key=str(attempt.id), payment_ref=attempt.provider_ref, amount=made.gross
    )
    await till.desk.refund(None, request)
    ref = till.desk.made[made.key].ref
    till.desk.made[ref] = till.desk.made[made.key]  # the provider knows it by its number as well
    with pytest.raises(Unavailable) as busy:
        await refunds.heard(till.tenant.id, "sandbox", "", ref, payment)
    assert busy.value.code == "refund_under_way"
    await refunds.send(till.tenant.id, made.id, by=BY)
    assert await refunds.heard(till.tenant.id, "sandbox", "", ref, payment) == ""

    assert (len(await refunds.of_order(till.tenant.id, order.id)), await till.balance()) == (1, "30.00")


async def test_events_about_nothing_of_ours(till: Till) -> None:
    """An unknown number is remarked, an unknown payment tried again; a payment alone looks up what waits."""
    order = await till.paid("50")
    payment = (await till.attempt(order)).provider_ref
    assert await refunds.heard(till.tenant.id, "sandbox", "", "nothing", "") == "no refund of ours"
    strange = till.desk.at_the_desk("somebody-else", till.money("5"))
    with pytest.raises(Unavailable) as unknown:
        await refunds.heard(till.tenant.id, "sandbox", "", strange, "")
    assert unknown.value.code == "payment_unknown"
    assert await refunds.heard(till.tenant.id, "sandbox", "", "", payment) == "no refund of ours is under way"
    till.desk.next = Outcome.PENDING
    made = await till.refund(order, "20")
    till.desk.made[made.key].told = Outcome.SETTLED
    assert await refunds.heard(till.tenant.id, "sandbox", "", "", payment) == ""
    assert (await refunds.refund(till.tenant.id, made.id)).state == "settled"


async def test_no_provider_is_asked_inside_a_unit(till: Till) -> None:
    """Money moves outside of transactions only."""
    async with db.unit(till.tenant.id):
        for call in (
            refunds.begin(till.tenant, new_id(), till.money("1"), idempotency="k", reason="", by=BY),
            refunds.refresh(till.tenant.id, new_id(), by=BY),
            refunds.heard(till.tenant.id, "sandbox", "", "x", ""),
        ):
            with pytest.raises(RuntimeError, match="inside a unit"):
                await call


async def test_what_a_second_sending_cannot_try_says_nothing_of_the_first(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died while it sent; later the provider cannot be reached: the credit stays out until it is known."""
    order = await till.paid("50")
    ask = {"idempotency": "cut-short", "reason": "", "by": BY}
    await refunds.ask(till.tenant, order.id, till.money("50"), **ask)
    later = clock.now() + timedelta(minutes=2)

    async def switched_off(*_: object, **__: object) -> None:
        raise PluginUnavailable

    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr(providers, "provider", switched_off)
    again = await refunds.begin(till.tenant, order.id, till.money("50"), **ask)

    assert (again.state, again.taken, await till.balance()) == ("new", True, "0.00")


# sent late, or by two


async def test_a_job_that_runs_late_looks_first(till: Till, later: Any) -> None:
    """Killed between call and answer: the job that comes much later finds the refund paid, and sends nothing."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    attempt = await till.attempt(order)
    request = RefundRequest(
        key=made.key, payment_key=str(attempt.id), payment_ref=attempt.provider_ref, amount=made.gross
    )
    await till.desk.refund(None, request)  # by somebody who died before the answer was written down
    later(minutes=2)
    await refund_jobs.send_job(str(till.tenant.id), str(made.id))

    assert ((await refunds.refund(till.tenant.id, made.id)).state, till.desk.calls) == ("settled", 1)
    assert await till.balance() == "30.00"


async def test_a_job_that_runs_late_sends_what_was_never_sent(till: Till, later: Any) -> None:
    """The provider has never heard of it: sent once, whoever asks at the same time."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    later(minutes=2)
    job = (str(till.tenant.id), str(made.id))
    await asyncio.gather(
        *(refund_jobs.send_job(*job) for _ in range(4)),
        *(refunds.refresh(till.tenant.id, made.id, by=BY) for _ in range(4)),
    )

    assert ((await refunds.refund(till.tenant.id, made.id)).state, till.desk.calls) == ("settled", 1)


async def test_a_job_that_runs_late_waits_for_a_provider_that_is_silent(till: Till, later: Any) -> None:
    """What cannot be looked up is not sent either: it stays new, and its credit out."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    later(minutes=2)
    till.desk.look_up_refund = None  # type: ignore[method-assign, assignment]
    await refund_jobs.send_job(str(till.tenant.id), str(made.id))

    assert ((await refunds.refund(till.tenant.id, made.id)).state, till.desk.calls) == ("new", 0)
    assert await till.balance() == "30.00"


async def test_a_second_sender_decides_nothing_while_the_first_is_at_it(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first waits for its answer; the second, who cannot reach the provider, must not give the credit back."""
    order = await till.paid("50")
    made = await refunds.ask(till.tenant, order.id, till.money("20"), idempotency="k", reason="", by=BY)
    reached, go_on, plain = asyncio.Event(), asyncio.Event(), till.desk.refund

    async def slow(ctx: Any, request: RefundRequest) -> RefundResult:
        reached.set()
        await go_on.wait()
        return await plain(ctx, request)

    async def away(*_: object, **__: object) -> None:
        raise PluginUnavailable

    till.desk.refund = slow  # type: ignore[method-assign]
    first = asyncio.create_task(refunds.send(till.tenant.id, made.id, by=BY), context=Context())
    await reached.wait()
    with monkeypatch.context() as patch:
        patch.setattr(providers, "provider", away)
        second = await refunds.send(till.tenant.id, made.id, by=BY)
    between = await till.balance()
    go_on.set()

    assert (second.state, between) == ("new", "30.00")
    assert ((await first).state, await till.balance()) == ("settled", "30.00")


# one payment back, known by two names


async def test_a_refund_given_up_is_found_again_by_its_number(till: Till) -> None:
    """Ours seemed not to have reached the provider; then an event names the provider's number alone: taken once."""
    order = await till.paid("50")
    payment = (await till.attempt(order)).provider_ref
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    assert (await refunds.refresh(till.tenant.id, made.id, by=BY)).state == "declined"
    till.desk.next = Outcome.SETTLED  # it was on its way all the time
    attempt = await till.attempt(order)
    request = RefundRequest(
        key=made.key, payment_key=str(attempt.id), payment_ref=attempt.provider_ref, amount=made.gross
    )
    await till.desk.refund(None, request)
    ref = till.desk.made[made.key].ref
    till.desk.made[ref] = till.desk.made[made.key]
    assert await refunds.heard(till.tenant.id, "sandbox", "", ref, payment) == ""
    assert await refunds.heard(till.tenant.id, "sandbox", made.key, ref, payment) == ""

    [only] = await refunds.of_order(till.tenant.id, order.id)
    assert (only.id, only.state, only.provider_ref, only.origin) == (made.id, "settled", ref, "ours")
    assert (await till.balance(), await till.clearing()) == ("30.00", "-35.70")
    await till.proven()


async def test_while_ours_cannot_be_asked_about_the_desks_waits(till: Till) -> None:
    """A refund of the desk may be the one we gave up: not booked before the provider has said that it is not."""
    order = await till.paid("50")
    payment = (await till.attempt(order)).provider_ref
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    await refunds.refresh(till.tenant.id, made.id, by=BY)
    ref = till.desk.at_the_desk(payment, till.money("23.80"))
    plain = till.desk.look_up_refund

    async def forgetful(ctx: Any, key: str, provider_ref: str = "") -> RefundResult:
        return RefundResult(key=key, outcome=Outcome.UNKNOWN) if key else await plain(ctx, key, provider_ref)

    till.desk.look_up_refund = forgetful  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as busy:
        await refunds.heard(till.tenant.id, "sandbox", "", ref, payment)
    assert (busy.value.code, await till.balance()) == ("refund_under_way", "50.00")
    till.desk.look_up_refund = plain  # type: ignore[method-assign]
    assert await refunds.heard(till.tenant.id, "sandbox", "", ref, payment) == ""

    assert {one.origin: one.state for one in await refunds.of_order(till.tenant.id, order.id)} == {
        "ours": "declined", "provider": "settled",
    }  # fmt: skip
    assert await till.balance() == "30.00"


@pytest.mark.parametrize("again", [Outcome.SETTLED, Outcome.PENDING, Outcome.DECLINED])
async def test_a_number_that_is_booked_is_not_booked_again(till: Till, again: Outcome) -> None:
    """Booked as the desk's; then the provider gives the same number for ours: the money left once."""
    order = await till.paid("50")
    till.desk.next = Outcome.NOT_SENT
    made = await till.refund(order, "20")
    await refunds.refresh(till.tenant.id, made.id, by=BY)
    payment = (await till.attempt(order)).provider_ref
    ref = till.desk.at_the_desk(payment, till.money("23.80"))
    assert await refunds.heard(till.tenant.id, "sandbox", "", ref, payment) == ""
    late = RefundResult(key=made.key, outcome=again, amount=made.gross, provider_ref=ref, code="")
    for _ in range(2):
        after = await refunds.apply(till.tenant.id, made.id, late, by=BY)

    assert (after.state, after.taken, after.provider_ref) == ("declined", False, "")
    assert (await till.balance(), await till.clearing()) == ("30.00", "-35.70")
    assert len(await till.told("refund.settled")) == 1
    await till.proven()


@pytest.mark.parametrize("amount", ["59.49", "61"])
async def test_a_refund_of_money_that_was_never_credited_is_remarked(till: Till, amount: str) -> None:
    """The payment did not fit its order and was flagged; paid back at the desk there is nothing to take: a remark."""
    order = await till.payer.order("50", key=str(new_id()))
    await till.payer.checkout(order)
    attempt = await till.attempt(order)
    odd = ChargeResult(key=str(attempt.id), outcome=Outcome.SETTLED, amount=till.money(amount), provider_ref="odd-1")
    after = await settle.apply(till.tenant.id, attempt.id, odd, by=BY)
    assert after.flag == "amount_mismatch"
    lost = ChargeResult(key=str(attempt.id), outcome=Outcome.UNKNOWN, code="timeout")
    await settle.apply(till.tenant.id, attempt.id, lost, by=BY)  # what is known of it stays known
    ref = till.desk.at_the_desk("odd-1", till.money(amount))
    said = await refunds.heard(till.tenant.id, "sandbox", "", ref, "odd-1")

    assert said == "this payment was never credited (amount_mismatch)"
    assert (await till.balance(), await refunds.of_order(till.tenant.id, order.id)) == ("0.00", [])
