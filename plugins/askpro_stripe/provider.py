"""Stripe as the core meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from askpro.sdk import (
    AccountState,
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    CustomerRef,
    Dispute,
    Feature,
    Finding,
    OnboardingLink,
    PayoutRequest,
    PayoutResult,
    ProviderCapabilities,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SavedMethod,
    SetupRequest,
)
from askpro_stripe import (
    charges,
    connected,
    disputes,
    endpoint_check,
    endpoints,
    events,
    methods,
    pages,
    payments,
    payouts,
    refunds,
)
from askpro_stripe.currencies import CURRENCIES, LIMITS
from askpro_stripe.settings import StripeSettings

__all__ = ("StripeProvider",)

_ALWAYS = frozenset({
    Feature.CHECKOUT, Feature.OFF_SESSION, Feature.SAVED_METHODS, Feature.SETUP, Feature.REFUND,
    Feature.PARTIAL_REFUND, Feature.DISPUTES, Feature.PORTAL, Feature.ENDPOINT,
})  # fmt: skip


class StripeProvider:
    """Idempotent by key, within one tenant. Each method is told in full in the module that does it."""

    key = "stripe"
    title = "Card, direct debit and wallets"

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """Nothing at all until the settings are complete, but the way to complete them."""
        settings = ctx.settings
        if not isinstance(settings, StripeSettings):
            return ProviderCapabilities(features=frozenset(), live=False)
        features = set(_ALWAYS) if settings.ready else set()
        if settings.platform_secret_key is not None and settings.collecting_allowed in ("any", "connect"):
            features.add(Feature.ONBOARDING)
        if settings.ready and settings.collecting == "connect":
            features.add(Feature.PAYOUT)
        if settings.key:
            features.add(Feature.ENDPOINT)
        return ProviderCapabilities(
            features=frozenset(features), currencies=CURRENCIES, limits=LIMITS, live=settings.live,
            shared_endpoint=settings.collecting != "own",
        )  # fmt: skip

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        return await pages.create_checkout(ctx, request)

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        return await payments.look_up(ctx, key, provider_ref)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        return await events.verify_event(ctx, headers, body)

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        return await charges.charge(ctx, request)

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        return await pages.create_setup(ctx, request)

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        return await methods.list_methods(ctx, customer)

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        await methods.remove_method(ctx, customer, ref)

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        await methods.set_default_method(ctx, customer, ref)

    async def open_portal(self, ctx: Context, customer: CustomerRef, return_url: str) -> str:
        return await methods.open_portal(ctx, customer, return_url)

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        return await refunds.refund(ctx, request)

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        return await refunds.look_up_refund(ctx, key, provider_ref)

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        return await disputes.look_up_dispute(ctx, ref)

    async def payout(self, ctx: Context, request: PayoutRequest) -> PayoutResult:
        return await payouts.payout(ctx, request)

    async def look_up_payout(self, ctx: Context, key: str, provider_ref: str = "") -> PayoutResult:
        return await payouts.look_up_payout(ctx, key, provider_ref)

    async def start_onboarding(self, ctx: Context, return_url: str, refresh_url: str) -> OnboardingLink:
        return await connected.start_onboarding(ctx, return_url, refresh_url)

    async def look_up_account(self, ctx: Context) -> AccountState:
        return await connected.look_up_account(ctx)

    async def create_endpoint(self, ctx: Context, url: str) -> Mapping[str, str]:
        return await endpoints.create_endpoint(ctx, url)

    async def list_endpoints(self, ctx: Context) -> Sequence[str]:
        return await endpoints.list_endpoints(ctx)

    async def check_endpoint(self, ctx: Context, url: str) -> Sequence[Finding]:
        return await endpoint_check.check_endpoint(ctx, url)
