"""A payment provider that lies in every way the conformance kit looks for."""

from __future__ import annotations

import asyncio

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    ChargeResult,
    CheckoutSession,
    EventKind,
    Feature,
    Outcome,
    ProviderCapabilities,
    ProviderEvent,
    RefundResult,
    hookimpl,
)


class Liar:
    key = "liar"
    title = "Liar"

    def __init__(self):
        self.charged = 0
        self.asked = set()

    def capabilities(self, ctx):
        features = {Feature.CHECKOUT, Feature.OFF_SESSION, Feature.REFUND, Feature.PARTIAL_REFUND, Feature.DISPUTES}
        return ProviderCapabilities(features=frozenset(features))

    async def create_checkout(self, ctx, request):
        return CheckoutSession(
            key=request.key, provider_ref=str(new_id()), url="javascript:pay()", expires_at=request.expires_at
        )

    async def look_up(self, ctx, key, provider_ref=""):
        if key in self.asked:  # who asks twice hears something else
            return ChargeResult(key=key, outcome=Outcome.DECLINED, amount=Money.of(1, "EUR"), code="changed")
        self.asked.add(key)
        return ChargeResult(key=key, outcome=Outcome.SETTLED, amount=Money.of(1, "EUR"), provider_ref="always-this")

    async def charge(self, ctx, request):
        self.charged += 1
        match request.method:
            case "crash":
                raise ZeroDivisionError
            case "hang":
                await asyncio.sleep(3600)
            case "other amount":
                paid = request.amount + request.amount
                return ChargeResult(key=request.key, outcome=Outcome.SETTLED, amount=paid, provider_ref="x")
            case "other key":
                return ChargeResult(key="another", outcome=Outcome.SETTLED, amount=request.amount, provider_ref="x")
            case "nothing":
                return None
            case "no amount":
                return ChargeResult(key=request.key, outcome=Outcome.SETTLED)
        return ChargeResult(key=request.key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref="x")

    async def refund(self, ctx, request):
        return RefundResult(key=request.key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref="r")

    async def look_up_refund(self, ctx, key, provider_ref=""):
        return RefundResult(key=key, outcome=Outcome.SETTLED, amount=Money.of(1, "EUR"), provider_ref="r")

    async def verify_event(self, ctx, headers, body):
        return ProviderEvent(id=str(new_id()), kind=EventKind.PAYMENT, occurred_at=ctx.now(), key="whatever")


class Plugin:
    @hookimpl
    def register_payment_providers(self):
        return [Liar()]


plugin = Plugin()
