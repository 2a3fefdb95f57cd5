"""What the plugin gives to the house."""

from __future__ import annotations

import msgspec

from askpro.sdk import Context, Finding, JobSpec, PaymentProvider, hookimpl
from askpro_stripe import doctor, jobs
from askpro_stripe.provider import StripeProvider
from askpro_stripe.settings import StripeSettings

__all__ = ("StripePlugin", "plugin")


class StripePlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return StripeSettings

    @hookimpl
    def register_payment_providers(self) -> list[PaymentProvider]:
        return [StripeProvider()]

    @hookimpl
    def register_jobs(self) -> list[JobSpec]:
        # who has switched Stripe off is refunded and disputed all the same, so his share has to come back
        return [JobSpec("pass_on", "*/5 * * * *", jobs.pass_on_shares, deadline=jobs.DEADLINE, when_disabled=True)]

    @hookimpl
    async def check_settings(self, ctx: Context) -> list[Finding]:
        return await doctor.check(ctx)


plugin = StripePlugin()
