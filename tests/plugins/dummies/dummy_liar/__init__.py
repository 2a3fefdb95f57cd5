"""A payment provider that lies in every way the conformance kit looks for.

``Liar`` is what the plugin gives to the house. ``BoldLiar`` claims everything there is and does all of it wrongly, but
never merely crashes.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    AccountState,
    ChargeResult,
    CheckoutSession,
    Dispute,
    DisputeState,
    EventKind,
    Feature,
    Limits,
    Mandate,
    OnboardingLink,
    Outcome,
    PayoutResult,
    ProviderCapabilities,
    ProviderEvent,
    RefundResult,
    SavedMethod,
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


class BoldLiar(Liar):
    def capabilities(self, ctx):
        del ctx
        features = frozenset(Feature) - {Feature.CHECKOUT}  # which everybody has
        limits = {"EUR": Limits(Money.of(1, "EUR"), Money.of(5000, "EUR"))}
        return ProviderCapabilities(features=features, currencies=frozenset(("EUR",)), limits=limits)

    async def look_up_payout(self, ctx, key, provider_ref=""):
        return PayoutResult(key=key, outcome=Outcome.SETTLED, amount=Money.of(1, "EUR"), provider_ref="t")

    async def payout(self, ctx, request):
        return PayoutResult(key=request.key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref="t")

    async def create_setup(self, ctx, request):
        until = ctx.now() + timedelta(hours=1)
        return CheckoutSession(key=request.key, provider_ref=str(new_id()), url="javascript:save()", expires_at=until)

    async def list_methods(self, ctx, customer):
        return [SavedMethod(ref=str(new_id()), kind="card", label="Visa", mandate="M", default=True)] * 2

    async def remove_method(self, ctx, customer, ref):
        pass

    async def set_default_method(self, ctx, customer, ref):
        pass

    async def open_portal(self, ctx, customer, return_url):
        return "javascript:portal()"

    async def look_up_mandate(self, ctx, ref):
        return Mandate(ref="another", scheme="", signed_at=ctx.now() - timedelta(days=9), text=str(new_id()))

    async def look_up_dispute(self, ctx, ref):
        return Dispute(ref=ref, payment_ref="another", amount=Money.of(1, "EUR"), state=DisputeState.WON)

    async def create_endpoint(self, ctx, url):
        return {"of_no_schema": "x"}

    async def list_endpoints(self, ctx):
        return []

    async def start_onboarding(self, ctx, return_url, refresh_url):
        return OnboardingLink(url="javascript:register()", settings={"of_no_schema": "x"})

    async def look_up_account(self, ctx):
        return AccountState(ref="acct", can_charge=False, can_pay_out=False)


class Plugin:
    @hookimpl
    def register_payment_providers(self):
        return [Liar()]


plugin = Plugin()
