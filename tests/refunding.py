"""A reseller's till, for tests of money that goes back: paid orders, calls that spend them, a provider that obeys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from askpro import clock, db
from askpro.errors import NotFound
from askpro.ids import new_id, usage_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.proof import prove
from askpro.ledger.usage import UsageGroup, UsageRow, UsageStatus, post_usage
from askpro.money import Money
from askpro.payments import queries, refunds, settle
from askpro.payments.model import Attempt, Order
from askpro.payments.refund_model import Refund
from askpro.people.model import Customer
from askpro.sdk.payments import (
    ChargeResult,
    Dispute,
    Feature,
    Outcome,
    ProviderCapabilities,
    RefundRequest,
    RefundResult,
)
from house import BY
from paying import Payer, payer

__all__ = ("Desk", "Till", "payer", "till")


@dataclass
class Made:
    """A refund at the provider."""

    amount: Money
    outcome: Outcome
    ref: str
    payment: str
    told: Outcome
    """What is answered; UNKNOWN: nothing."""


class Desk:
    """The sandbox, but for refunds and disputes, which go as a test says. Idempotent by key, as the contract wants."""

    key, title = "sandbox", "Desk"

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.features = {Feature.CHECKOUT, Feature.REFUND, Feature.PARTIAL_REFUND, Feature.DISPUTES}
        self.next = Outcome.SETTLED
        """How the next refund goes; UNKNOWN: paid, and the answer is lost; NOT_SENT: lost on the way there."""
        self.crashes = False
        """A lost answer is an exception (which the host's breaker counts), not the word *unknown*."""
        self.made: dict[str, Made] = {}
        self.calls = 0
        self.units: list[Any] = []
        self.disputes: dict[str, Dispute] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def capabilities(self, ctx: Any) -> ProviderCapabilities:
        return replace(self._inner.capabilities(ctx), features=frozenset(self.features))

    async def refund(self, ctx: Any, request: RefundRequest) -> RefundResult:
        self.calls += 1
        self.units.append(db.current())
        goes, self.next = self.next, Outcome.SETTLED
        if request.key not in self.made and goes is not Outcome.NOT_SENT:
            truth = Outcome.SETTLED if goes is Outcome.UNKNOWN else goes
            ref = f"dsk_{request.key}"
            self.made[request.key] = Made(request.amount, truth, ref, request.payment_ref, truth)
        if goes in (Outcome.UNKNOWN, Outcome.NOT_SENT):
            if self.crashes:
                raise TimeoutError
            return RefundResult(key=request.key, outcome=Outcome.UNKNOWN, code="timeout")
        return await self.look_up_refund(ctx, request.key)

    async def look_up_refund(self, ctx: Any, key: str, provider_ref: str = "") -> RefundResult:
        found = self.made.get(key or provider_ref)
        if found is None:
            return RefundResult(key=key, outcome=Outcome.NOT_SENT)
        return RefundResult(
            key=key, outcome=found.told, amount=found.amount,
            provider_ref=found.ref, payment_ref=found.payment, code="x" if found.told is Outcome.DECLINED else "",
        )  # fmt: skip

    async def look_up_dispute(self, ctx: Any, ref: str) -> Dispute:
        if ref not in self.disputes:
            raise NotFound
        return self.disputes[ref]

    def at_the_desk(self, payment: str, amount: Money, outcome: Outcome = Outcome.SETTLED) -> str:
        """Somebody pays back at the provider itself; the provider's number."""
        ref = f"hand_{new_id()}"
        self.made[ref] = Made(amount, outcome, ref, payment, outcome)
        return ref

    def paid_back(self, payment: str) -> int:
        """What has really left, in 10⁻⁶."""
        return sum(one.amount.units for one in self.made.values() if one.payment == payment and one.outcome in (
            Outcome.SETTLED, Outcome.PENDING,
        ))  # fmt: skip


class Till:
    """One customer's orders, calls and refunds."""

    def __init__(self, payer: Payer, desk: Desk, customer: Customer | None = None) -> None:
        self.tenant, self.desk = payer.tenant, desk
        self.payer = payer if customer is None else Payer(payer.host, payer.tenant, customer)
        self.customer = self.payer.customer
        self.wallet = self.customer.wallet_id

    def money(self, amount: str) -> Money:
        return Money.of(amount, self.customer.currency)

    async def paid(self, amount: str = "50") -> Order:
        """A top-up that is paid."""
        order = await self.payer.order(amount, key=str(new_id()))
        await self.payer.checkout(order)
        one = await self.attempt(order)
        result = ChargeResult(
            key=str(one.id), outcome=Outcome.SETTLED, amount=order.gross, provider_ref=f"pay_{one.id}", account="desk"
        )
        return await settle.apply(self.tenant.id, one.id, result, by=BY)

    async def attempt(self, order: Order) -> Attempt:
        found = await queries.attempt_of_order(self.tenant.id, order.id)
        assert found is not None
        return found

    async def spend(self, *calls: tuple[str, str]) -> None:
        """Book calls of (price, commission) as one train, today."""
        now = clock.now()
        day = clock.civil_day(now, self.tenant.timezone)
        group = UsageGroup(self.tenant.id, self.wallet, None, day, None, "pbx", "system:test")
        rows = []
        for price, commission in calls:
            name = str(new_id())
            rows.append(UsageRow(
                1, usage_id(self.tenant.id, "pbx", name, now), name, now, 0, 60_000, 0, None, None, 0, 0, 60, 0, False,
                self.money(price).units, 0, self.money(commission).units,
            ))  # fmt: skip
        await months.ensure([now])
        assert {one.status for one in await post_usage([group], rows)} == {UsageStatus.BOOKED}

    async def refund(self, order: Order, net: str, key: str = "", **more: Any) -> Refund:
        return await refunds.begin(
            self.tenant, order.id, self.money(net), idempotency=key or str(new_id()), reason="asked for", by=BY, **more
        )

    async def back(self, order: Order, gross: str) -> str:
        """Paid back at the provider's own desk, and heard of; the remark."""
        payment = (await self.attempt(order)).provider_ref
        ref = self.desk.at_the_desk(payment, self.money(gross))
        return await refunds.heard(self.tenant.id, "sandbox", "", ref, payment)

    async def fetch(self, sql: str, *args: Any) -> Any:
        async with db.unit(self.tenant.id):
            return await db.fetchval(sql, self.tenant.id, *args)

    async def balance(self) -> str:
        units = await self.fetch("select posted from ledger.wallet where tenant_id = $1 and id = $2", self.wallet)
        return f"{Money(units, self.customer.currency).decimal:.2f}"

    async def frozen(self) -> bool:
        return bool(await self.fetch("select frozen from ledger.wallet where tenant_id = $1 and id = $2", self.wallet))

    async def account(self, kind: AccountKind, code: str = "") -> str:
        """What the books say of an account: what came in less what went out."""
        units = await self.fetch(
            "select coalesce(sum(case when credit_account = $2 then amount else -amount end), 0)::bigint"
            " from ledger.transfer where tenant_id = $1 and $2 in (debit_account, credit_account)",
            account_id(self.tenant.id, kind, self.customer.currency, code),
        )
        return f"{Money(units, self.customer.currency).decimal:.2f}"

    async def vat(self) -> str:
        return await self.account(AccountKind.VAT, "1900")

    async def clearing(self) -> str:
        return await self.account(AccountKind.CLEARING, "sandbox")

    async def commission(self) -> str:
        """What is owed to the reseller."""
        return await self.account(AccountKind.COMMISSION_PAYABLE)

    async def rests(self) -> list[str]:
        """What is left in each bucket, oldest first."""
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select rest from ledger.bucket where tenant_id = $1 and wallet_id = $2 order by created_at, id",
                self.tenant.id,
                self.wallet,
            )
        return [f"{Money(row['rest'], 'EUR').decimal:.2f}" for row in rows]

    async def told(self, kind: str) -> list[dict[str, Any]]:
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select payload from events.outbox where tenant_id = $1 and kind = $2 order by id", self.tenant.id, kind
            )
        return [row["payload"] for row in rows]

    async def due(self) -> list[UUID]:
        """What the janitor would ask about now."""
        async with db.shared_unit():
            rows = await db.fetch("select id from payments.due_refunds($1)", clock.now())
        return [row["id"] for row in rows]

    async def proven(self) -> None:
        assert await prove(self.tenant.id) == []


@pytest.fixture
async def till(payer: Payer) -> Till:
    """With the desk in the sandbox's place."""
    plugin, real = payer.host._providers.find("sandbox")
    desk = Desk(real)
    payer.host._providers._held["sandbox"] = (plugin, desk)
    return Till(payer, desk)
