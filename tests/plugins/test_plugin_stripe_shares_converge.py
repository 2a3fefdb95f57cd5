"""Whatever happens to a shared payment, and in whichever order, in the end the reseller has what is due to him."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import stripe as stripe_library
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from stripe_bench import line, move, stripe, tables
from stripe_shares import TRANSFERS, Sharing, sharing

from askpro.errors import AskProError
from askpro.money import Money
from askpro.sdk import ChargeResult
from askpro.testing.stripe import Fault
from askpro_stripe.currencies import from_stripe, to_stripe
from askpro_stripe.shares import Leg, Standing, due, next_move
from askpro_stripe.shares_reading import withdrawn

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tables: Any) -> Sharing:
    """A reseller whose platform keeps 5.00 of each payment, and has money of its own to pay ahead."""
    shop = await sharing(tables, fee_fixed="5")
    await shop.own_money(Money.of(90_000, "EUR"))
    return shop


COUNTS = st.integers(1, 10_000_000)


@given(paid=COUNTS, fee=COUNTS, parts=st.lists(COUNTS, max_size=6), settled=COUNTS)
def test_what_is_due(paid: int, fee: int, parts: list[int], settled: int) -> None:
    """All but the fee of a payment that is whole, nothing of one that is gone, never more after a refund than before
    it, and of what is left never so much that the platform's part falls below its fee's.
    """

    def owed(back: int) -> int:
        return due(Standing(paid=paid, fee=min(fee, paid), back=back, settled=paid, currency="EUR"))

    assert (owed(0), owed(paid), owed(paid + 1)) == (paid - min(fee, paid), 0, 0)
    back, last = 0, owed(0)
    for part in parts:
        back += part
        now = owed(back)
        assert 0 <= now <= last
        left = max(paid - back, 0)
        assert 0 <= (left - now) * paid - min(fee, paid) * left < paid  # the fee's part, rounded up to the next coin
        last = now
    changed = due(Standing(paid=paid, fee=min(fee, paid), back=0, settled=settled, currency="EUR"))
    assert 0 <= changed <= settled


@pytest.mark.parametrize(
    ("currency", "paid", "share"), [("KWD", 7230, 6500), ("ISK", 12300, 11000), ("JPY", 123, 111), ("EUR", 123, 111)]
)
def test_a_share_is_whole_coins(currency: str, paid: int, share: int) -> None:
    """Rounded down to what the currency really has, though Stripe writes more digits."""
    assert due(Standing(paid=paid, fee=paid // 10, back=0, settled=paid, currency=currency)) == share


@given(
    legs=st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=4),
    back=st.integers(0, 20_000_000),
    paid=COUNTS,
    fee=COUNTS,
)
def test_moves_come_to_an_end(legs: list[tuple[int, int, int]], back: int, paid: int, fee: int) -> None:
    """Whatever was moved before, also by hand, a few moves later there is nothing to do, and none of them takes back
    more of a transfer than is left of it.
    """
    standing = Standing(paid=paid, fee=min(fee, paid), back=back, settled=paid, currency="EUR")
    book = []
    for number, (amount, ours, more) in enumerate(legs):
        taken = min(ours, amount)
        book.append(Leg(ref=f"tr_{number}", amount=amount, reversed=taken, reversed_there=min(taken + more, amount)))
    by_hand = sum(leg.by_hand for leg in book)
    for _ in range(len(legs) + 2):
        if (move := next_move(standing, book)) is None:
            break
        assert move.amount > 0
        if not move.ref:
            book.append(Leg(ref=f"tr_{len(book)}", amount=move.amount, reversed=0, reversed_there=0))
            continue
        place = next(number for number, leg in enumerate(book) if leg.ref == move.ref)
        leg = book[place]
        assert move.amount <= leg.left
        book[place] = Leg(
            ref=leg.ref, amount=leg.amount, reversed=leg.reversed + move.amount,
            reversed_there=leg.reversed_there + move.amount,
        )  # fmt: skip
    assert next_move(standing, book) is None
    whole = paid - min(fee, paid)
    assert sum(leg.left for leg in book) == max(min(due(standing), whole - by_hand), 0)


@pytest.mark.parametrize(
    ("moved", "gone"),
    [
        ([], 0),
        ([("eur", -500)], 500),
        ([("eur", -500), ("eur", 500)], 0),
        ([("eur", -500), ("eur", 200)], 300),
        ([("chf", -480)], 450),
        ([("chf", -480), ("chf", 480)], 0),
        ([("chf", -480), ("chf", 470)], 10),  # won, at another day's rate: a 48th of 4.50 is missing
        ([("chf", -480), ("chf", 490)], 0),
        ([("chf", -480), ("chf", 480), ("chf", -484)], 450),
    ],
)
def test_what_a_dispute_has_taken(moved: list[tuple[str, int]], gone: int) -> None:
    """By the movements; where they are in another currency, what the bank wanted."""
    lines = [{"currency": currency, "amount": amount} for currency, amount in moved]
    dispute = {"amount": 450, "currency": "eur", "balance_transactions": lines}
    assert withdrawn(dispute, 1000, "eur") == gone


PART = st.integers(1, 3000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), PART),
        st.tuples(st.just("desk"), PART),
        st.tuples(st.just("fail"), st.integers(0, 9)),
        st.tuples(st.just("dispute"), st.one_of(st.none(), PART)),
        st.tuples(st.just("close"), st.sampled_from(["won", "lost"])),
        st.tuples(st.just("run")),
        st.tuples(st.just("hear"), st.integers(0, 9)),
        st.tuples(st.just("mishap"), st.sampled_from(["unsent", "unanswered", "broken", "crashed", "limited"])),
        st.tuples(st.just("time"), st.sampled_from([1, 10, 60 * 24])),
    ),
    min_size=2,
    max_size=14,
)


class Life:
    """One payment's story."""

    def __init__(self, shop: Sharing, payment: ChargeResult) -> None:
        self.shop, self.payment = shop, payment

    @property
    def refunds(self) -> list[dict[str, Any]]:
        return self._of_payment("refund")

    @property
    def disputes(self) -> list[dict[str, Any]]:
        return self._of_payment("dispute")

    def _of_payment(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.shop.bench.things(kind) if one["payment_intent"] == self.payment.provider_ref]

    async def step(self, what: str, *more: Any) -> None:
        with contextlib.suppress(AskProError, Fault, stripe_library.StripeError):  # Stripe would not have it
            await getattr(self, f"_{what}")(*more)

    async def _refund(self, coins: int) -> None:
        await self.shop.refund(self.payment, from_stripe(coins, "EUR"))

    async def _desk(self, coins: int) -> None:
        await self.shop.desk.refunds.create_async({"payment_intent": self.payment.provider_ref, "amount": coins})

    async def _fail(self, which: int) -> None:
        if self.refunds:
            self.shop.stripe.settle_refund(self.refunds[which % len(self.refunds)]["id"], "lost_or_stolen_card")

    async def _dispute(self, coins: int | None) -> None:
        self.shop.stripe.dispute(self.payment.provider_ref, amount=coins)

    async def _close(self, outcome: str) -> None:
        for one in self.disputes:
            self.shop.stripe.close_dispute(one["id"], outcome)

    async def _run(self) -> None:
        await self.shop.run()

    async def _hear(self, which: int) -> None:
        if known := [one["id"] for one in (*self.refunds, *self.disputes)]:
            await self.shop.heard(known[which % len(known)])

    async def _mishap(self, what: Any) -> None:
        self.shop.stripe.next_call(what, TRANSFERS)

    async def _time(self, minutes: int) -> None:
        self.shop.bench.later(minutes=minutes)

    def left(self) -> int:
        """What the customer and his bank have left of the payment, in coins."""
        back: int = sum(one["amount"] for one in self.refunds if one["status"] != "failed")
        gone: int = -sum(moved["amount"] for one in self.disputes for moved in one["balance_transactions"])
        assert self.payment.amount is not None
        return max(to_stripe(self.payment.amount) - back - gone, 0)


@settings(
    max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate), derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@example(steps=[("run",), ("refund", 3000), ("run",), ("fail", 0), ("hear", 0), ("run",), ("dispute", None)])
@example(steps=[("run",), ("dispute", None), ("hear", 0), ("mishap", "unanswered"), ("run",), ("close", "won")])
@example(
    steps=[("mishap", "crashed"), ("run",), ("refund", 1), ("run",), ("refund", 1), ("mishap", "unsent"), ("run",)]
)
@given(steps=STEPS)
async def test_every_order_ends_with_what_is_due(shop: Sharing, steps: list[tuple[Any, ...]]) -> None:
    """Refunds of ours and at the desk, some of which fail, disputes of parts or all, won or lost, lost requests and
    answers, and the job at any moment: when all was heard of and nothing waits, the reseller has his share of what is
    left, rounded down to the coin once, and the platform the rest; and he never had more than was ever due.
    """
    life = Life(shop, await shop.paid(Money.of("29.97", "EUR"), token="pm_card_bypassPending"))
    for step in steps:
        await life.step(*step)
        sent = sum(one["amount"] - one["amount_reversed"] for one in shop.transfers(life.payment))
        assert 0 <= sent <= 2497
    shop.stripe.chaos.plans.clear()
    for one in (*life.refunds, *life.disputes):
        await shop.heard(one["id"])
    await shop.settle()
    assert await shop.findings() == []
    assert shop.passed(life.payment) == from_stripe(life.left() * 2497 // 2997, "EUR")
