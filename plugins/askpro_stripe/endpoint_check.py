"""What is wrong with the endpoints that deliver to our address: each is looked at by itself.

An account may have endpoints of other installations, other tenants and other people; what they hear does not reach us.
Ours are those with our path, for that has our secret token. Stripe does not tell which endpoint hears connected
accounts: it is the one whose address ends in ``connect=1``, as ``create_endpoint`` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from askpro.errors import N_
from askpro.sdk import Context, EventKind, Finding, NotSent
from askpro_stripe.client import API_VERSION, connect, every
from askpro_stripe.endpoints import endpoint_scope
from askpro_stripe.events import EVENTS
from askpro_stripe.scope import settings_of
from askpro_stripe.settings import StripeSettings

__all__ = ("check_endpoint", "endpoint_findings")

_OF_ACCOUNTS = frozenset(name for name, kind in EVENTS.items() if kind in (EventKind.ACCOUNT, EventKind.PAYOUT))
_OF_PAYMENTS = frozenset(EVENTS) - _OF_ACCOUNTS


@dataclass(frozen=True, slots=True)
class _Words:
    """Message ids about one kind of endpoint."""

    none: str
    off: str
    deaf: str


_PLAIN = _Words(
    N_("Stripe has no webhook endpoint that points here."),
    N_("Stripe has switched the webhook endpoint off."),
    N_("The webhook endpoint does not listen for: {events}"),
)
_CONNECTED = _Words(
    N_("Stripe has no webhook endpoint for connected accounts that points here."),
    N_("Stripe has switched the webhook endpoint for connected accounts off."),
    N_("The webhook endpoint for connected accounts does not listen for: {events}"),
)


async def check_endpoint(ctx: Context, url: str) -> Sequence[Finding]:
    """See EndpointCheck. Errors as ``client.ask``."""
    try:
        listed = await every(connect(ctx, endpoint_scope(ctx)).webhook_endpoints.list_async({"limit": 100}))
    except NotSent as error:
        if error.code == "provider_key_refused":  # said better by the check of the settings
            return []
        raise
    return endpoint_findings(ctx, url, listed)


def endpoint_findings(ctx: Context, url: str, listed: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What is wrong with those of the endpoints that point to ``url``."""
    here = [one for one in listed if _path(str(one["url"])) == _path(url)]
    plain, connected = _needed(settings_of(ctx))
    found: list[Finding] = []
    for words, needed, ours in (
        (_PLAIN, plain, [one for one in here if not _hears_connected(one)]),
        (_CONNECTED, connected, [one for one in here if _hears_connected(one)]),
    ):
        if needed:
            found += _judged(ctx, words, needed, ours)
    return list(dict.fromkeys(found))


def _needed(settings: StripeSettings) -> tuple[frozenset[str], frozenset[str]]:
    """What must be heard of the account that is asked, and of the accounts connected to it."""
    if settings.collecting == "own":
        return frozenset(EVENTS), frozenset()
    if settings.collecting == "platform":
        return _OF_PAYMENTS, frozenset()
    if settings.connect_charges == "direct":  # nothing happens on the platform's account
        return frozenset(), frozenset(EVENTS)
    return _OF_PAYMENTS, _OF_ACCOUNTS


def _judged(ctx: Context, words: _Words, needed: frozenset[str], ours: Sequence[Mapping[str, Any]]) -> list[Finding]:
    gettext = ctx.gettext
    pays = bool(needed & _OF_PAYMENTS)
    on = [one for one in ours if one.get("status") == "enabled"]
    if not on:
        return [Finding("error" if pays else "warning", gettext(words.off if ours else words.none))]
    found = []
    for one in on:
        heard = set(one.get("enabled_events") or ())
        if missing := sorted(needed - heard) if "*" not in heard else []:
            said = gettext(words.deaf).format(events=", ".join(missing))
            found.append(Finding("error" if _OF_PAYMENTS.intersection(missing) else "warning", said))
        if one.get("api_version") not in (None, API_VERSION):
            said = gettext("The webhook endpoint speaks another version of Stripe's API than {version}.")
            found.append(Finding("warning", said.format(version=API_VERSION)))
    if len({str(one["url"]) for one in on}) < len(on):
        found.append(
            Finding("warning", gettext("Two webhook endpoints have the same address: everything arrives twice."))
        )
    return found


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _hears_connected(endpoint: Mapping[str, Any]) -> bool:
    return parse_qs(urlsplit(str(endpoint["url"])).query).get("connect") == ["1"]
