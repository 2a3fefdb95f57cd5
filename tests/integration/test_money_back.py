"""Top-ups, calls, refunds, refusals, refunds at the desk and disputes in any order: the rules hold after every step."""

from __future__ import annotations

import contextlib
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from askpro import db
from askpro.errors import AskProError, Unavailable
from askpro.ledger.accounts import AccountKind
from askpro.payments import clawback, disputes, refunds
from askpro.payments.model import Order
from askpro.sdk.payments import Dispute, DisputeState, Outcome
from house import BY, customer
from paying import payer
from refunding import Till, till

pytestmark = pytest.mark.anyio
__all__ = ("payer", "till")

numbers = count(1)
AMOUNTS = st.sampled_from(["0.01", "1", "3.33", "7.77", "10", "24.99", "50"])
WHICH = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("top_up"), st.sampled_from(["10", "24.99", "50"])),
        st.tuples(st.just("calls"), st.sampled_from(["0.123457", "5", "17.5"]), st.sampled_from(["0", "0.7", "-0.3"])),
        st.tuples(st.just("refund"), WHICH, AMOUNTS, st.sampled_from(Outcome)),
        st.tuples(st.just("news"), WHICH, st.sampled_from([Outcome.SETTLED, Outcome.DECLINED])),
        st.tuples(st.just("desk"), WHICH, AMOUNTS),
        st.tuples(st.just("dispute"), WHICH, AMOUNTS, st.sampled_from(DisputeState), st.integers(0, 1)),
        st.tuples(st.just("release")),
    ),
    min_size=4,
    max_size=14,
)


class Life:
    """One customer's story."""

    def __init__(self, till: Till) -> None:
        self.till, self.tenant = till, till.tenant.id
        self.orders: list[Order] = []
        self.spent = 0

    async def step(self, step: tuple[Any, ...]) -> None:
        what, *rest = step
        if what in ("refund", "news", "desk", "dispute"):
            if not self.orders:
                return
            rest[0] = self.orders[rest[0] % len(self.orders)]
        with contextlib.suppress(AskProError):  # refused; what holds is looked at all the same
            await getattr(self, f"_{what}")(*rest)

    async def _top_up(self, amount: str) -> None:
        self.orders.append(await self.till.paid(amount))

    async def _calls(self, price: str, commission: str) -> None:
        units = self.till.money(price).units
        if await self._posted() >= units:  # what a wallet cannot pay would be overrun, which is another story
            await self.till.spend((price, commission))
            self.spent += units

    async def _posted(self) -> int:
        posted: int = await self.till.fetch(
            "select posted from ledger.wallet where tenant_id = $1 and id = $2", self.till.wallet
        )
        return posted

    async def _refund(self, order: Order, net: str, goes: Outcome) -> None:
        self.till.desk.next = goes
        try:
            await self.till.refund(order, net)
        finally:
            self.till.desk.next = Outcome.SETTLED

    async def _news(self, order: Order, told: Outcome) -> None:
        for one in await refunds.of_order(self.tenant, order.id):
            made = self.till.desk.made.get(one.key or one.provider_ref)
            if made is not None and one.state != "declined":
                made.told = made.outcome = told
            await refunds.heard(self.tenant, "sandbox", one.key, one.provider_ref, "")
            if one.state in ("new", "unknown"):
                await refunds.refresh(self.tenant, one.id, by=BY)

    async def _desk(self, order: Order, gross: str) -> None:
        paid = (await self.till.attempt(order)).provider_ref
        if self.till.desk.paid_back(paid) + self.till.money(gross).units <= order.gross.units:
            try:
                await self.till.back(order, gross)
            except Unavailable:
                self.till.desk.made.popitem()  # heard of later; here: never happened

    async def _dispute(self, order: Order, amount: str, state: DisputeState, n: int) -> None:
        ref, attempt = f"{order.id}-{n}", await self.till.attempt(order)
        self.till.desk.disputes[ref] = Dispute(
            ref=ref, payment_ref=attempt.provider_ref, amount=self.till.money(amount), state=state
        )
        await disputes.heard(self.tenant, "sandbox", ref, "")

    async def _release(self) -> None:
        await disputes.release(self.tenant, self.till.wallet, reason="test", by=BY)

    async def check(self) -> None:
        """What must hold at any moment."""
        wallet, held = 0, False
        for order in self.orders:
            backs = [one for one in await refunds.of_order(self.tenant, order.id) if one.taken]
            cases = await disputes.of_order(self.tenant, order.id)
            net = sum(one.net.units for one in (*backs, *cases))
            tax = sum(one.tax.units for one in (*backs, *cases))
            assert 0 <= net <= order.net.units
            assert 0 <= tax <= order.tax.units
            assert (net == order.net.units) == (net + tax == order.gross.units)
            assert all(one.clawed - one.reinstated == one.net for one in cases)
            wallet += order.net.units - net
            held = held or any(one.froze for one in cases)
            assert order.transfer_id is not None
            clawed = await self.till.fetch(
                "select coalesce(sum(case a.kind when 'commission_payable' then amount else -amount end), 0)::bigint"
                " from ledger.transfer t join ledger.account a on a.tenant_id = t.tenant_id and a.id = t.debit_account"
                " where t.tenant_id = $1 and t.reverses = $2 and t.kind = 'commission_clawback'",
                order.transfer_id,
            )
            async with db.unit(self.tenant):
                found = await clawback.funding(self.tenant, order.transfer_id)
            assert clawed == clawback.target(found, net)
        assert await self._posted() == wallet - self.spent
        assert await self.till.frozen() == held


@settings(
    max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(STEPS)
async def test_whatever_happens_the_rules_hold(till: Till, steps: list[tuple[Any, ...]]) -> None:
    """Σ gone ≤ paid, wallet = paid − gone − spent, tax and commission fit, freeze fits, the ledger's proof is green."""
    own = Till(till.payer, till.desk, await customer(till.tenant.id, f"M-{next(numbers)}"))
    life = Life(own)
    for step in (("top_up", "50"), *steps):
        await life.step(step)
        await life.check()
    assert life.orders
    await own.proven()
    assert await own.account(AccountKind.ADJUSTMENT) == "0.00"
