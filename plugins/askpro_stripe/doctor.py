"""What is wrong with an account, said before a customer finds out; its endpoints are ``endpoint_check``'s."""

from __future__ import annotations

import asyncio

from askpro.errors import AskProError
from askpro.sdk import Context, Finding, NotSent
from askpro_stripe.client import ask, connect
from askpro_stripe.connected import scope_now
from askpro_stripe.endpoints import endpoint_scope
from askpro_stripe.scope import Scope, settings_of
from askpro_stripe.settings import StripeSettings
from askpro_stripe.shares_findings import findings

__all__ = ("check",)


async def check(ctx: Context) -> list[Finding]:
    """Everything that can be seen from here, the worst first. Never raises for what Stripe says."""
    gettext = ctx.gettext
    settings = settings_of(ctx)
    found = [*_keys(ctx, settings), *await findings(ctx)]
    if not settings.key:
        return [Finding("error", gettext("There is no secret key: nobody can pay.")), *found]
    if settings.collecting == "connect" and not settings.connect_account:
        return [Finding("error", gettext("No account is connected yet: start the registration with Stripe.")), *found]
    try:
        scope = await scope_now(ctx)
    except AskProError as error:
        return [_unreached(ctx, error), *found]
    parts = await asyncio.gather(_account(ctx, scope), _permissions(ctx, scope))
    for part in parts:
        found += part
    found.sort(key=lambda one: ("error", "warning", "ok").index(one.level))
    if all(one.level == "ok" for one in found):
        found.append(Finding("ok", gettext("Stripe is set up.")))
    return found


def _keys(ctx: Context, settings: StripeSettings) -> list[Finding]:
    """What the settings alone show."""
    gettext, found = ctx.gettext, []
    own = settings.collecting == "own"
    allowed = settings.collecting_allowed
    if allowed not in ("any", settings.collecting):
        found.append(Finding("error", gettext("The operator does not allow this way of collecting.")))
    if settings.key and not settings.live:
        found.append(Finding("warning", gettext("Test mode: no real money moves here.")))
    if not (settings.tenant_secrets if own else settings.shared_secrets):
        found.append(Finding("error", gettext("There is no webhook signing secret: Stripe's messages are refused.")))
    elif settings.collecting == "connect" and settings.platform_connect_secret is None:
        # such accounts, and charges on them, tell only the endpoint that hears connected accounts
        found.append(
            Finding(
                "warning", gettext("There is no signing secret for events of connected accounts: make the endpoint.")
            )
        )
    return found


async def _account(ctx: Context, scope: Scope) -> list[Finding]:
    gettext, api = ctx.gettext, connect(ctx, scope)
    settings = settings_of(ctx)
    try:
        if settings.collecting == "connect":
            platform = connect(ctx, endpoint_scope(ctx))
            account = await ask(platform.accounts.retrieve_async(settings.connect_account or ""))
        else:
            account = await ask(api.accounts.retrieve_current_async())
    except AskProError as error:
        return [_unreached(ctx, error)]
    found = []
    due = (account.get("requirements") or {}).get("currently_due") or ()
    if not account.get("details_submitted"):
        found.append(Finding("error", gettext("The registration with Stripe is not finished.")))
    if not account.get("charges_enabled"):
        found.append(Finding("error", gettext("Stripe does not let this account take payments.")))
    if not account.get("payouts_enabled"):
        found.append(Finding("warning", gettext("Stripe does not pay out to this account's bank.")))
    if due:
        found.append(
            Finding("warning", gettext("Stripe still wants to know: {what}").format(what=", ".join(sorted(due))))
        )
    return found


async def _permissions(ctx: Context, scope: Scope) -> list[Finding]:
    """A restricted key (rk_…) must be able to read what we read; writing cannot be tried without doing it."""
    if not scope.key.reveal().startswith("rk_"):
        return []
    api = connect(ctx, scope)
    areas = {
        "Checkout Sessions": api.checkout.sessions.list_async({"limit": 1}),
        "PaymentIntents": api.payment_intents.list_async({"limit": 1}),
        "Customers": api.customers.list_async({"limit": 1}),
        "Refunds": api.refunds.list_async({"limit": 1}),
        "Disputes": api.disputes.list_async({"limit": 1}),
        "Webhook Endpoints": api.webhook_endpoints.list_async({"limit": 1}),
    }
    settings = settings_of(ctx)
    if settings.collecting == "connect" and settings.connect_charges == "transfers":
        areas["Transfers"] = api.transfers.list_async({"limit": 1})
    answers = await asyncio.gather(*(ask(call) for call in areas.values()), return_exceptions=True)
    closed = [
        name
        for name, answer in zip(areas, answers, strict=True)
        if isinstance(answer, NotSent) and answer.code == "provider_key_refused"
    ]
    if not closed:
        return []
    said = ctx.gettext("The restricted key lacks permissions: {areas}").format(areas=", ".join(closed))
    return [Finding("error", said)]


def _unreached(ctx: Context, error: AskProError) -> Finding:
    gettext = ctx.gettext
    if error.code == "provider_key_refused":
        return Finding("error", gettext("Stripe refuses the secret key."))
    if error.code == "account_not_yours":
        return Finding("error", gettext("The connected account belongs to somebody else."))
    return Finding("error", gettext("Stripe could not be asked: {why}").format(why=error.code))
