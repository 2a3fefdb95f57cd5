"""Disputes whose events are lost are found out by asking: daily, and never more than that."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.errors import NotFound, Unavailable
from askpro.ledger import months
from askpro.ledger.proof import prove
from askpro.money import Money
from askpro.payments import disputes, jobs, queries
from askpro.payments.model import Order
from askpro.payments.refund_model import Dispute as Case
from askpro.sdk.payments import Dispute, DisputeState
from askpro.testing.stripe import Chaos
from house import BY, customer, reseller
from paying import Payer, payer, prepared
from refunding import Till, till
from stripe_house import House, house

pytestmark = pytest.mark.anyio
__all__ = ("house", "payer", "till")

OPEN, WITHDRAWN, LOST, WON = DisputeState.OPEN, DisputeState.WITHDRAWN, DisputeState.LOST, DisputeState.WON
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def swept(at: datetime) -> list[UUID]:
    """What the sweep and the worker do in that minute about disputes; which they asked about."""
    await months.ensure([at])
    with clock.frozen(at):
        await jobs.sweep()
        async with db.shared_unit():
            rows = await db.fetch(
                "delete from jobs.procrastinate_jobs where task_name = $1 returning args", jobs.LOOK_UP_DISPUTE
            )
        for row in rows:
            await jobs.look_up_dispute_job(**row["args"])
    return [UUID(row["args"]["dispute"]) for row in rows]


class Bank:
    """One dispute about one payment: how it stands there, and what is heard of it here."""

    def __init__(self, till: Till, order: Order, payment: str, ref: str) -> None:
        self.till, self.order, self.payment, self.ref = till, order, payment, ref
        self.start = clock.now()

    def says(self, state: DisputeState, *, answer_by: datetime | None = None) -> None:
        self.till.desk.disputes[self.ref] = Dispute(
            ref=self.ref, payment_ref=self.payment, amount=self.order.gross, state=state, answer_by=answer_by
        )

    async def tells(self, state: DisputeState, at: datetime | None = None, **more: Any) -> Case:
        """It says so, and its event comes."""
        self.says(state, **more)
        with clock.frozen(at or self.start):
            assert await disputes.heard(self.till.tenant.id, "sandbox", self.ref, self.payment) == ""
        return await self.case()

    async def case(self) -> Case:
        [one] = [one for one in await disputes.of_order(self.till.tenant.id, self.order.id) if one.ref == self.ref]
        return one

    async def due(self) -> datetime | None:
        found: datetime | None = await self.till.fetch(
            "select look_up_at from payments.dispute where tenant_id = $1 and id = $2", (await self.case()).id
        )
        return found


async def bank(till: Till, ref: str = "d-1") -> Bank:
    order = await till.paid("50")
    return Bank(till, order, (await till.attempt(order)).provider_ref, ref)


def down(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider does not answer."""

    async def nothing(*_: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(till.desk, "look_up_dispute", nothing)


async def test_an_event_that_never_came(till: Till) -> None:
    """Withdrawn, then lost without a word: asked a day later, the money is taken and the wallet stays frozen."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    there.says(LOST)

    assert await swept(there.start + DAY - MINUTE) == []
    assert ((await there.case()).state, await till.balance()) == ("withdrawn", "50.00")
    assert await swept(there.start + DAY) == [case.id]
    assert ((await there.case()).state, await till.balance(), await till.frozen()) == ("lost", "0.00", True)
    assert [len(await till.told(f"dispute.{kind}")) for kind in ("withdrawn", "lost")] == [1, 1]
    await till.proven()


async def test_an_inquiry_that_turned_serious(till: Till) -> None:
    """Open, then withdrawn without a word: the wallet is frozen a day late, not never."""
    there = await bank(till)
    case = await there.tells(OPEN)
    there.says(WITHDRAWN)

    assert await swept(there.start + DAY) == [case.id]
    assert ((await there.case()).state, await till.frozen()) == ("withdrawn", True)


async def test_step_by_step(till: Till) -> None:
    """Daily, an hour after our time to answer is over, and daily again; in between nobody is asked."""
    there = await bank(till)
    start = there.start
    case = await there.tells(WITHDRAWN, answer_by=start + 60 * HOUR)
    asked = []
    for hours in range(1, 5 * 24):
        if await swept(start + hours * HOUR):
            asked.append(hours)

    assert asked == [24, 48, 61, 85, 109]
    after = await there.case()
    assert (after.state, after.changed_at, await till.frozen()) == ("withdrawn", case.changed_at, True)
    assert len(await till.told("dispute.withdrawn")) == 1


async def test_what_was_just_heard_is_not_asked(till: Till) -> None:
    """An event, or somebody of staff who asks, puts the janitor's question off."""
    there = await bank(till)
    case = await there.tells(OPEN)
    await there.tells(WITHDRAWN, there.start + 20 * HOUR)
    assert await swept(there.start + 43 * HOUR) == []
    with clock.frozen(there.start + 43 * HOUR):
        await disputes.refresh(till.tenant.id, case.id, by=BY)
    assert await swept(there.start + 66 * HOUR) == []
    assert await swept(there.start + 67 * HOUR) == [case.id]


async def test_the_sweep_queues_a_dispute_once(till: Till) -> None:
    """However often it runs before the worker gets to it; two disputes are two jobs."""
    first, second = await bank(till, "a"), await bank(till, "b")
    cases = {(await one.tells(OPEN)).id for one in (first, second)}
    with clock.frozen(second.start + DAY):
        for _ in range(3):
            await jobs.sweep()

    assert sorted(await swept(second.start + DAY)) == sorted(cases)


async def test_a_provider_that_is_down_is_asked_later(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """5 minutes, an hour, then daily; the dispute stays as it is, and the first answer is acted on."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    there.says(LOST)
    with monkeypatch.context() as patched:
        down(till, patched)
        moment = there.start + DAY
        for pause in (5 * MINUTE, HOUR, DAY, DAY):  # a fifth failure within a minute of ours would open the breaker
            assert await swept(moment) == [case.id]
            assert await swept(moment + pause - timedelta(seconds=1)) == []
            moment += pause
        assert await there.due() == moment
        assert await there.case() == replace(case, look_ups=4)
        assert (await till.balance(), await till.frozen()) == ("50.00", True)

    assert await swept(moment) == [case.id]
    after = await there.case()
    assert (after.state, after.look_ups, await till.balance()) == ("lost", 0, "0.00")
    await till.proven()


async def test_it_is_never_given_up_while_it_is_open(till: Till) -> None:
    """The provider knows nothing of it any more: it is asked every day all the same, and the schema insists on it."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    till.desk.disputes.clear()  # it answers that it knows nothing of it
    days = [bool(await swept(there.start + (n + 1) * DAY + 2 * HOUR)) for n in range(100)]

    assert all(days)
    assert ((await there.case()).state, (await there.case()).look_ups >= 100) == ("withdrawn", True)
    there.says(WON)
    assert await swept(there.start + 102 * DAY) == [case.id]
    assert ((await there.case()).state, await till.frozen()) == ("won", False)
    with pytest.raises(asyncpg.CheckViolationError):
        await till.fetch(
            "update payments.dispute set state = 'open', look_up_at = null where tenant_id = $1 returning id"
        )


async def test_staff_who_ask_in_vain_change_nothing(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not due: the janitor comes when he would have come."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    down(till, monkeypatch)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await disputes.refresh(till.tenant.id, case.id, by=BY)
    assert (await there.case(), await there.due()) == (case, there.start + DAY)


async def test_an_answer_that_cannot_be_booked_is_put_off(till: Till) -> None:
    """Suddenly in another currency: nothing moves, and it is not asked every minute."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    till.desk.disputes["d-1"] = Dispute(
        ref="d-1", payment_ref=there.payment, amount=Money.of("59.50", "USD"), state=LOST
    )
    assert await swept(there.start + DAY) == [case.id]
    assert await swept(there.start + DAY + 4 * MINUTE) == []
    after = await there.case()
    assert (after.state, after.look_ups, await till.balance()) == ("withdrawn", 1, "50.00")


@pytest.mark.parametrize("states", [(WON,), (WITHDRAWN, WON), (LOST, WON)])
async def test_a_won_one_is_left_alone(till: Till, states: tuple[DisputeState, ...]) -> None:
    """For ever."""
    there = await bank(till)
    for state in states:
        await there.tells(state)
    assert await there.due() is None
    assert [await swept(there.start + n * DAY) for n in (1, 2, 30, 31, 60, 400)] == [[]] * 6


async def test_a_lost_one_is_asked_about_once_more(till: Till) -> None:
    """After 30 days, though its event comes again meanwhile; it is still lost, and that is that."""
    there = await bank(till)
    case = await there.tells(LOST)
    await there.tells(LOST, there.start + 12 * DAY)
    await there.tells(WITHDRAWN, there.start + 13 * DAY)  # old news
    there.says(LOST)

    assert [await swept(there.start + n * DAY) for n in (1, 14, 29)] == [[]] * 3
    assert await swept(there.start + 30 * DAY) == [case.id]
    assert [await swept(there.start + n * DAY) for n in (31, 60, 90, 400)] == [[]] * 4
    assert (await there.due(), (await there.case()).state, await till.balance()) == (None, "lost", "0.00")
    assert len(await till.told("dispute.lost")) == 1


async def test_a_bank_that_thinks_again(till: Till) -> None:
    """Lost, and given back three weeks later without a word: the credit is back, and the wallet is released."""
    there = await bank(till)
    await till.spend(("20", "3"))
    case = await there.tells(LOST)
    assert (await till.balance(), await till.commission()) == ("-20.00", "0.00")
    there.says(WON)

    assert await swept(there.start + 30 * DAY) == [case.id]
    assert ((await there.case()).state, await till.balance(), await till.commission(), await till.frozen()) == (
        "won", "30.00", "3.00", False,
    )  # fmt: skip
    assert await swept(there.start + 31 * DAY) == []
    await till.proven()


async def test_a_lost_one_is_not_asked_about_for_ever(till: Till) -> None:
    """The provider knows nothing of it any more: daily from the 30th day to the 60th, then no more."""
    there = await bank(till)
    await there.tells(LOST)
    till.desk.disputes.clear()
    asked = [n for n in range(1, 120) if await swept(there.start + n * DAY + n * MINUTE)]

    assert (asked[0], asked[-1], await there.due()) == (30, 60, None)
    assert len(asked) == 31
    assert ((await there.case()).state, await till.balance()) == ("lost", "0.00")


async def test_the_janitor_and_the_event_at_once(till: Till) -> None:
    """Whoever comes first: one booking, one fact."""
    there = await bank(till)
    case = await there.tells(WITHDRAWN)
    there.says(LOST)
    own = str(till.tenant.id)
    with clock.frozen(there.start + DAY):
        await asyncio.gather(
            *(jobs.look_up_dispute_job(tenant=own, dispute=str(case.id)) for _ in range(4)),
            *(disputes.heard(till.tenant.id, "sandbox", "d-1", there.payment) for _ in range(4)),
        )
    assert (len(await till.told("dispute.lost")), await till.balance()) == (1, "0.00")
    assert await there.due() == there.start + 31 * DAY
    await till.proven()


async def test_each_dispute_in_its_own_house(till: Till) -> None:
    """The sweep sees all resellers' disputes and asks for each in its own name; a job under another's moves nothing."""
    far = await reseller("far", settings=till.tenant.settings)
    await prepared(till.payer.host, far)
    theirs = await bank(Till(Payer(till.payer.host, far, await customer(far.id)), till.desk), "d-2")
    ours = await bank(till)
    cases = [await there.tells(WITHDRAWN) for there in (ours, theirs)]
    for there in (ours, theirs):
        there.says(LOST)
    with clock.frozen(ours.start + DAY):
        await jobs.look_up_dispute_job(tenant=str(far.id), dispute=str(cases[0].id))
        with pytest.raises(NotFound):
            await disputes.refresh(far.id, cases[0].id, by=BY)
    assert [await there.case() for there in (ours, theirs)] == cases
    assert await ours.due() == ours.start + DAY

    async with db.shared_unit():
        rows = await db.fetch("select * from payments.due_disputes($1)", ours.start + DAY)
    assert {row["id"]: row["tenant_id"] for row in rows} == {cases[0].id: till.tenant.id, cases[1].id: far.id}
    await swept(ours.start + DAY)
    for there in (ours, theirs):
        assert ((await there.case()).state, await there.till.balance()) == ("lost", "0.00")
        await there.till.proven()


# with Stripe


async def disputed(house: House) -> tuple[UUID, str, Case]:
    """50.00 by card, taken back by the bank: (tenant, Stripe's number, our case)."""
    await house.own_stripe("nord")
    tenant = house.tenants["nord"].id
    order, session = await house.order("nord", "stripe")
    house.stripe.pay(session, "pm_card_visa")
    await house.stripe.deliver_all()
    await house.work("nord")
    attempt = await queries.attempt_of_order(tenant, order.id)
    assert attempt is not None
    there = house.stripe.dispute(attempt.provider_ref)
    await house.stripe.deliver_all()
    await house.work("nord")
    [case] = await disputes.of_order(tenant, order.id)
    assert (case.state, case.answer_by is not None) == ("withdrawn", True)
    return tenant, there["id"], case


@pytest.mark.parametrize(("outcome", "balance"), [("won", "50.00"), ("lost", "0.00")])
async def test_stripes_event_is_lost_entirely(house: House, outcome: str, balance: str) -> None:
    """The bank decides and the event never arrives, not even late: a day on it is known here."""
    tenant, ref, case = await disputed(house)
    house.stripe.close_dispute(ref, outcome)
    assert house.stripe.lose_events() > 0
    now = clock.now()
    assert await swept(now) == []

    assert await swept(now + DAY) == [case.id]
    assert ((await disputes.dispute(tenant, case.id)).state, await house.balance("nord")) == (outcome, balance)
    assert await prove(tenant) == []


async def test_stripe_is_down_when_it_is_asked(house: House) -> None:
    """No connection, twice: nothing changes, and the third question is answered."""
    tenant, ref, case = await disputed(house)
    house.stripe.close_dispute(ref, "lost")
    house.stripe.lose_events()
    now = clock.now()
    house.stripe.next_call("unsent", "/v1/disputes", method="GET", times=100)
    assert [await swept(now + DAY + wait) for wait in (0 * DAY, 5 * MINUTE)] == [[case.id]] * 2
    after = await disputes.dispute(tenant, case.id)
    assert (after.state, after.look_ups, await house.balance("nord")) == ("withdrawn", 2, "50.00")
    house.stripe.chaos = Chaos()

    assert await swept(now + DAY + 2 * HOUR) == [case.id]
    assert ((await disputes.dispute(tenant, case.id)).state, await house.balance("nord")) == ("lost", "0.00")
