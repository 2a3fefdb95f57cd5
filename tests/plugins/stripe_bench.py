"""Stripe on the test bench: the plugin in a host, the stand-in behind its HTTP, hands for customer, bank and clock."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from dummy_house import FALKE, NORTH

from askpro import clock
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import Host, service
from askpro.sdk import (
    ChargeRequest,
    ChargeResult,
    CheckoutSession,
    Context,
    CustomerRef,
    DisputeState,
    SetupRequest,
    TenantRef,
)
from askpro.testing.providers import Bench, Delivery
from askpro.testing.stripe import Fault, StripeStandIn, signature
from askpro_stripe.events import EVENTS, HEADER
from askpro_stripe.provider import StripeProvider
from askpro_stripe.settings import StripeSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

from stripe_spec import Judged, spec

__all__ = (
    "ANNA",
    "FALKE",
    "NORTH",
    "Line",
    "StripeBench",
    "connected",
    "line",
    "move",
    "own",
    "registered",
    "shared",
    "stripe",
    "tables",
)

ANNA = CustomerRef(id="customer-1", email="anna@example.com", name="Anna Berg", locale="de_AT")


class Line(httpx.AsyncBaseTransport):
    """The wire to the stand-in. It can be cut, now or right after a certain request, and it remembers what was sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.dark = False
        self.cut_after = ""
        """Something in the body of the request whose answer gets lost, and all that follows."""
        self.swallow = ""
        """The same, but what follows is answered again."""
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.dark:
            raise httpx.ReadTimeout("nobody answers", request=request)
        self.sent.append(request)
        response = await self.inner.handle_async_request(request)
        if self.cut_after and request.method == "POST" and self.cut_after.encode() in request.content:
            self.dark, self.cut_after = True, ""
            raise httpx.ReadTimeout("the answer got lost", request=request)
        if self.swallow and request.method == "POST" and self.swallow.encode() in request.content:
            self.swallow = ""
            raise httpx.ReadTimeout("the answer got lost", request=request)
        return response

    def posted(self, path: str) -> list[httpx.Request]:
        """What was posted to that path."""
        return [one for one in self.sent if one.method == "POST" and one.url.path == path]


class StripeBench(Bench):
    """Every card, bank and customer obeys."""

    amounts = (Money.of(50, "EUR"), Money.of(1250, "JPY"), Money.of("7.23", "KWD"))
    schema = StripeSettings
    provider: StripeProvider

    def __init__(
        self, host: Host, stripe: StripeStandIn, line: Line, move: Callable[[timedelta], None], operator: dict[str, str]
    ) -> None:
        self.provider = StripeProvider()
        self.host, self.stripe, self.line, self._move, self._operator = host, stripe, line, move, operator
        self.settings = {"secret_key": "sk_test_north", "webhook_secret": "whsec_nordstern"}

    async def set(self, tenant: TenantRef, **values: str) -> None:
        """Save a tenant's settings; they hold from now on."""
        await service.save_settings(self.host, tenant, "stripe", values, by="t")
        await self._anew(tenant)

    async def keep_settings(self, values: Mapping[str, str]) -> None:
        _, left = await service.merge_settings(self.host, NORTH, "stripe", values, by="t")
        self._operator.update(left)  # what only the operator's environment can hold
        await self._anew(NORTH)

    async def _anew(self, tenant: TenantRef) -> None:
        ctx = await self.host.contexts.for_tenant(self.host.records["stripe"], tenant, None)
        if tenant == NORTH:
            self.ctx = ctx
        else:
            self.other = ctx

    async def pay(self, session: CheckoutSession) -> None:
        self.stripe.pay(session.provider_ref)

    async def decline(self, session: CheckoutSession) -> None:
        try:
            self.stripe.pay(session.provider_ref, "pm_card_chargeDeclined")
        except Fault:  # the page says so; the customer goes away and the page closes
            return

    async def delay(self, session: CheckoutSession) -> None:
        await self.decline(session)  # the first try, of which Stripe tells as well
        self.stripe.pay(session.provider_ref, "pm_successDelayed_de")

    async def lose(self, session: CheckoutSession) -> None:
        self.stripe.pay(session.provider_ref)
        self.line.dark = True

    async def wait(self) -> None:
        self.line.dark = False
        self.later(hours=2)

    def later(self, **by: float) -> None:
        """Time passes, for the house and for Stripe."""
        self._move(timedelta(**by))
        self.stripe.advance(0)

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        token = {"decline": "pm_card_chargeCustomerFail"}.get(behaviour, "pm_card_visa")
        ref = await self.save(token, customer)
        if behaviour == "lose":
            self.line.cut_after = ref
        return ref

    async def save(self, token: str, customer: CustomerRef = ANNA) -> str:
        """The number of a method that the customer has saved on Stripe's page."""
        page = await self.provider.create_setup(
            self.ctx,
            SetupRequest(
                key=str(new_id()), customer=customer, return_url="https://t.example/", cancel_url="https://t.example/",
                consent="You may charge this card.", currency="EUR",
            ),
        )  # fmt: skip
        return self._saved(page, token)

    def _saved(self, page: CheckoutSession, token: str) -> str:
        intent = self.stripe.pay(page.provider_ref, token)["setup_intent"]
        if self.stripe.get(intent)["status"] == "requires_action":
            self.stripe.authenticate(intent)
        return str(self.stripe.get(intent)["payment_method"])

    async def confirm_setup(self, session: CheckoutSession, customer: CustomerRef) -> None:
        self._saved(session, "pm_card_authenticationRequiredOnSetup")

    async def lose_answer(self, key: str) -> None:
        self.line.swallow = key

    async def dispute(self, payment: ChargeResult) -> str:
        return str(self.stripe.dispute(payment.provider_ref)["id"])

    async def close_dispute(self, ref: str, end: DisputeState) -> None:
        self.stripe.close_dispute(ref, end.value)

    async def destination(self, ctx: Context) -> str:
        await self.stripe.client("sk_test_platform").v1.payment_intents.create_async(
            {"amount": 1_000_00, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True,
             "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
        )  # fmt: skip
        return str(ctx.settings.connect_account)

    async def onboard(self) -> None:
        self.stripe.onboard(self.ctx.settings.connect_account)

    def things(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind, wherever it is."""
        return [dict(one) for book in self.stripe.world.books.values() for one in book.every(kind)]

    def charge(self, method: str, amount: Money | None = None, **changes: Any) -> ChargeRequest:
        """A charge with a key of its own."""
        return ChargeRequest(
            **{
                "key": str(new_id()), "amount": amount or self.amounts[0], "description": "Auto top-up",
                "customer": ANNA, "method": method, **changes,
            }
        )  # fmt: skip

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        assert ctx.tenant is not None
        event = json.loads(json.dumps(self._told(key)[0]))
        event["data"]["object"]["metadata"]["askpro_tenant"] = str(ctx.tenant.id)
        return self.delivery(event, f"whsec_{ctx.tenant.slug}")

    async def deliveries(self, key: str) -> list[Delivery]:
        return [self.delivery(one) for one in self._told(key)]

    def _told(self, key: str) -> list[dict[str, Any]]:
        """What Stripe has to say about that payment, oldest first."""
        return [
            one
            for one in self.stripe.events()
            if one["type"] in EVENTS and one["data"]["object"].get("metadata", {}).get("askpro_key") == key
        ]

    def delivery(self, event: Mapping[str, Any], secret: str = "whsec_nordstern") -> Delivery:
        """Headers and body as Stripe would send them now."""
        body = json.dumps(event).encode()
        return {HEADER: signature(body, secret, int(clock.now().timestamp()))}, body


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of everybody."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def by(time: timedelta) -> None:
        moved[0] += time

    return by


@pytest.fixture
def stripe() -> StripeStandIn:
    """With an account for each tenant and one for the platform."""
    standin = StripeStandIn(clock=lambda: clock.now())
    for name in ("north", "falke", "platform"):
        standin.open_account(name)
    return standin


@pytest.fixture
def line(stripe: StripeStandIn) -> Line:
    """To the stand-in, past the judge: what we send must be what Stripe's own document allows."""
    return Line(Judged(spec(), stripe.transport()))


@pytest.fixture
def tables(house: Any, stripe: StripeStandIn, line: Line, move: Callable[[timedelta], None]) -> Any:
    """Makes a bench with two tenants whose settings are ``values(tenant)``; the rest is the operator's."""

    async def make(values: Callable[[TenantRef], dict[str, str]], **platform: str) -> StripeBench:
        operator = {"platform_secret_key": "sk_test_platform", "platform_webhook_secret": "whsec_platform", **platform}
        host: Host = await house("stripe", services={"transport": line}, settings={"stripe": operator})
        bench = StripeBench(host, stripe, line, move, operator)
        for tenant in (NORTH, FALKE):
            await service.enable(host, tenant, "stripe", by="t")
            await bench.set(tenant, **values(tenant))
        return bench

    return make


def own(tenant: TenantRef) -> dict[str, str]:
    """An account of its own for each tenant."""
    name = {NORTH: "north", FALKE: "falke"}[tenant]
    return {"secret_key": f"sk_test_{name}", "webhook_secret": f"whsec_{tenant.slug}"}


def shared(tenant: TenantRef) -> dict[str, str]:
    """The platform's account for both."""
    return {"collecting": "platform", "webhook_secret": f"whsec_{tenant.slug}"}


def connected(tenant: TenantRef) -> dict[str, str]:
    """An account under the platform's for each tenant, once he has registered."""
    return {"collecting": "connect", "webhook_secret": f"whsec_{tenant.slug}"}


async def registered(bench: StripeBench, *tenants: TenantRef) -> None:
    """They have been through Stripe's registration, and may charge."""
    for tenant in tenants:
        ctx = bench.ctx if tenant == NORTH else bench.other
        link = await bench.provider.start_onboarding(ctx, "https://t.example/back", "https://t.example/again")
        await bench.set(tenant, **connected(tenant), **link.settings)
        bench.stripe.onboard(link.settings["connect_account"])
