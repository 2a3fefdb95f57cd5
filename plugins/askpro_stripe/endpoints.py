"""Telling Stripe where to deliver its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from askpro.sdk import Context
from askpro_stripe.book import tenant_of
from askpro_stripe.client import API_VERSION, ask, connect, every
from askpro_stripe.events import EVENTS
from askpro_stripe.params import TENANT
from askpro_stripe.scope import Scope, platform_scope, scope_of, settings_of

__all__ = ("create_endpoint", "endpoint_scope", "list_endpoints")


def endpoint_scope(ctx: Context) -> Scope:
    """The account whose endpoints matter: the reseller's own, or the platform's. Raises InvalidInput, ModeChanged."""
    settings = settings_of(ctx)
    if settings.collecting == "own" and settings.secret_key is not None:
        return scope_of(ctx, "own", settings.live)
    return platform_scope(ctx)


async def create_endpoint(ctx: Context, url: str) -> Mapping[str, str]:
    """See Endpoints. An endpoint with that address whose secret is known is brought up to date, otherwise replaced:
    Stripe tells a secret only once. The settings returned are the tenant's, or the operator's where the platform
    collects; there connected accounts get an endpoint of their own beside it.
    """
    settings, scope = settings_of(ctx), endpoint_scope(ctx)
    if scope.account == "own":
        return await _one(ctx, scope, url, "webhook_secret", bool(settings.webhook_secret), connected=False)
    found = await _one(
        ctx, scope, url, "platform_webhook_secret", bool(settings.platform_webhook_secret), connected=False
    )
    if settings.collecting != "connect":
        return found
    beside = f"{url}{'&' if '?' in url else '?'}connect=1"
    known = bool(settings.platform_connect_secret)
    return {**found, **await _one(ctx, scope, beside, "platform_connect_secret", known, connected=True)}


async def list_endpoints(ctx: Context) -> Sequence[str]:
    """See EndpointList: those that are switched on."""
    listed = await every(connect(ctx, endpoint_scope(ctx)).webhook_endpoints.list_async({"limit": 100}))
    return [str(one["url"]) for one in listed if one.get("status") == "enabled"]


async def _one(ctx: Context, scope: Scope, url: str, field: str, known: bool, *, connected: bool) -> Mapping[str, str]:
    api = connect(ctx, scope)
    there = [one for one in await every(api.webhook_endpoints.list_async({"limit": 100})) if one["url"] == url]
    if known and there:
        await ask(
            api.webhook_endpoints.update_async(
                str(there[0]["id"]), {"enabled_events": sorted(EVENTS), "disabled": False}
            )
        )
        return {}
    sent: dict[str, Any] = {
        "url": url,
        "enabled_events": sorted(EVENTS),
        "api_version": API_VERSION,
        "description": "AskPro",
        "metadata": {TENANT: str(tenant_of(ctx).id)},
    }
    if connected:
        sent["connect"] = True
    made = await ask(api.webhook_endpoints.create_async(sent))
    for one in there:
        await ask(api.webhook_endpoints.delete_async(str(one["id"])))
    return {field: str(made["secret"])}
