"""A reseller whose payments the platform takes and passes on, on the Stripe bench."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
from stripe_bench import ANNA, NORTH, StripeBench

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import ChargeResult, Finding, Outcome, RefundRequest, RefundResult, TenantRef
from askpro_stripe.currencies import from_stripe, to_stripe
from askpro_stripe.shares_findings import findings

__all__ = ("BACK", "TRANSFERS", "Gate", "Sharing", "Wall", "connect", "sharing")

BACK = ("https://t.example/back", "https://t.example/again")
TRANSFERS = "/v1/transfers"


def connect(tenant: TenantRef) -> dict[str, str]:
    return {"collecting": "connect", "webhook_secret": f"whsec_{tenant.slug}"}


class Wall(httpx.AsyncBaseTransport):
    """On the way to Stripe: what is posted to ``path`` gets no answer, ever. ``through``: Stripe has got it."""

    def __init__(self, inner: httpx.AsyncBaseTransport, path: str, *, through: bool) -> None:
        self.inner, self.path, self.through, self.reached = inner, path, through, anyio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) != ("POST", self.path):
            return await self.inner.handle_async_request(request)
        if self.through:
            await self.inner.handle_async_request(request)
        self.reached.set()
        await anyio.sleep_forever()
        raise AssertionError("not reached")


class Gate(httpx.AsyncBaseTransport):
    """On the way to Stripe: what is posted to ``path`` is held up until the gate is opened, and then goes on."""

    def __init__(self, inner: httpx.AsyncBaseTransport, path: str) -> None:
        self.inner, self.path, self.reached, self.opened = inner, path, anyio.Event(), anyio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) == ("POST", self.path):
            self.reached.set()
            await self.opened.wait()
        return await self.inner.handle_async_request(request)


class Sharing:
    """The bench, with hands for what happens to a shared payment."""

    def __init__(self, bench: StripeBench, account: str) -> None:
        self.bench, self.account, self.stripe = bench, account, bench.stripe
        self.desk = bench.stripe.client("sk_test_platform").v1

    async def paid(self, amount: Money | None = None, token: str = "pm_card_visa", **changes: Any) -> ChargeResult:
        """A payment that has settled, as the core has learned."""
        request = self.bench.checkout(customer=ANNA, **({"amount": amount} if amount else {}), **changes)
        page = await self.bench.provider.create_checkout(self.bench.ctx, request)
        self.stripe.pay(page.provider_ref, token)
        result = await self.bench.provider.look_up(self.bench.ctx, request.key)
        assert (result.outcome, result.amount) == (Outcome.SETTLED, request.amount)
        return result

    async def own_money(self, amount: Money) -> None:
        """The platform has so much in its balance, of business of its own."""
        sent: Any = {
            "amount": to_stripe(amount), "currency": amount.currency.lower(), "confirm": True,
            "payment_method": "pm_card_bypassPending", "payment_method_types": ["card"],
        }  # fmt: skip
        await self.desk.payment_intents.create_async(sent)

    def operator(self, **values: str) -> None:
        """The operator changes his settings; they hold when the tenant's are saved next."""
        given: Any = self.bench.host.config.settings["stripe"]
        given.update(values)

    async def refund(self, payment: ChargeResult, amount: Money) -> RefundResult:
        """A refund of ours."""
        request = RefundRequest(
            key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=amount
        )
        return await self.bench.provider.refund(self.bench.ctx, request)

    async def heard(self, ref: str) -> None:
        """The core hears of a refund or a dispute, and asks."""
        if ref.startswith(("re_", "pyr_")):
            await self.bench.provider.look_up_refund(self.bench.ctx, "", ref)
        else:
            await self.bench.provider.look_up_dispute(self.bench.ctx, ref)

    async def run(self, tenant: TenantRef = NORTH) -> None:
        """The clock strikes."""
        assert await self.bench.host.run_job("stripe", "pass_on", tenant)

    async def settle(self, rounds: int = 30) -> None:
        """Until nothing waits, as time passes."""
        for _ in range(rounds):
            if not await self.waiting():
                return
            await self.run()
            self.bench.later(minutes=6)
        raise AssertionError(f"still waiting: {await self.findings()}")

    async def waiting(self) -> int:
        """How many payments are to be looked at."""
        async with self.bench.ctx.store.unit() as unit:
            count: int = await unit.fetchval("select count(*) from plug_stripe.share where next_at is not null")
        return count

    async def findings(self) -> list[Finding]:
        """What the doctor says of shares."""
        return await findings(self.bench.ctx)

    def transfers(self, payment: ChargeResult) -> list[dict[str, Any]]:
        """Transfers of a payment, the oldest first."""
        return [one for one in self.bench.things("transfer") if one["metadata"]["askpro_payment"] == payment.key]

    def passed(self, payment: ChargeResult) -> Money:
        """What the reseller has of a payment at Stripe."""
        amount = payment.amount
        assert amount is not None
        sent = sum(one["amount"] - one["amount_reversed"] for one in self.transfers(payment))
        return from_stripe(sent, amount.currency)

    def gained(self) -> int:
        """The reseller's balance at Stripe, in coins."""
        book = self.stripe.world.book(self.account, False)
        return sum(one["net"] for one in book.every("balance_transaction"))


async def sharing(tables: Any, charges: str = "transfers", **operator: str) -> Sharing:
    """A reseller who has been through Stripe's registration."""
    bench: StripeBench = await tables(connect, connect_charges=charges, **operator)
    link = await bench.provider.start_onboarding(bench.ctx, *BACK)
    await bench.set(NORTH, **connect(NORTH), **link.settings)
    bench.stripe.onboard(link.settings["connect_account"])
    return Sharing(bench, link.settings["connect_account"])
