"""Deliveries of Stripe: whose signature it is, and what the event is a hint at. Nothing in it is believed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from askpro.sdk import Context, EventKind, EventRefused, ProviderEvent
from askpro_stripe.book import Book, tenant_of
from askpro_stripe.client import Gone, ask, connect
from askpro_stripe.connected import owner_of
from askpro_stripe.outcomes import identifier
from askpro_stripe.params import KEY, TENANT
from askpro_stripe.scope import scope_of, settings_of
from askpro_stripe.settings import is_live

__all__ = ("EVENTS", "HEADER", "signed_by", "verify_event")

HEADER = "stripe-signature"
_TOLERANCE = 300  # seconds, either way

_PAYMENTS = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "payment_intent.succeeded", "payment_intent.payment_failed",
    "payment_intent.requires_action", "payment_intent.processing", "payment_intent.canceled",
)  # fmt: skip
EVENTS: Mapping[str, EventKind] = {
    **dict.fromkeys(_PAYMENTS, EventKind.PAYMENT),
    "setup_intent.succeeded": EventKind.METHOD,
    **dict.fromkeys(("charge.refunded", "refund.created", "refund.updated", "refund.failed"), EventKind.REFUND),
    **dict.fromkeys(
        (f"charge.dispute.{what}" for what in ("created", "funds_withdrawn", "funds_reinstated", "closed")),
        EventKind.DISPUTE,
    ),
    "account.updated": EventKind.ACCOUNT,
    "payout.paid": EventKind.PAYOUT,
    "payout.failed": EventKind.PAYOUT,
}
"""What an endpoint has to listen for."""


class _Data(msgspec.Struct, frozen=True):
    object: dict[str, Any]


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    created: int
    livemode: bool
    data: _Data
    account: str = ""


async def verify_event(ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
    """See PaymentProvider.

    An endpoint of the platform hears the payments of all tenants: an event about another one's comes back IGNORED with
    that ``tenant``. One of the other mode, or about nothing of ours, is IGNORED without. Raises Unavailable while
    nobody can say whose it is.
    """
    settings, tenant = settings_of(ctx), tenant_of(ctx)
    header = headers.get(HEADER, "")
    shared = False
    if not signed_by(settings.tenant_secrets, header, body, ctx.now()):
        shared = signed_by(settings.shared_secrets, header, body, ctx.now())
        if not shared:
            raise EventRefused("the signature is missing, wrong or too old")
    try:
        said = msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError as error:
        raise EventRefused("the body cannot be read") from error
    key = settings.platform_secret_key if shared else settings.secret_key
    live = is_live(key.reveal()) if key is not None else settings.live
    event = _read(said)
    ignored = replace(event, kind=EventKind.IGNORED, key="", provider_ref="", payment_ref="")
    if event.kind is EventKind.IGNORED or said.livemode is not live:
        return ignored
    if event.kind is EventKind.PAYOUT:
        owner = await _paid_out(ctx, said, live) if shared else _own_payout(ctx, said)
    else:
        owner = _named(said.data.object)
        if not owner and shared and event.payment_ref:
            owner = await _payer(ctx, said, event.payment_ref, live)
    if owner and owner != str(tenant.id):
        # by an endpoint of its own a tenant hears of nobody else; the name in there was written by somebody else
        return replace(ignored, tenant=owner) if shared else ignored
    if owner and shared and said.account and not await _was_ours(ctx, said.account, live):
        return ignored  # who holds a connected account may write any name into what he makes there
    if not owner and (shared or event.kind in (EventKind.PAYMENT, EventKind.METHOD, EventKind.PAYOUT)):
        return ignored  # the account is used for other things as well (failure 3)
    return event


def signed_by(secrets: Sequence[str], header: str, body: bytes, now: datetime) -> bool:
    """Whether one of the secrets signed these very bytes within five minutes."""
    parts = [one.split("=", 1) for one in header.split(",") if "=" in one]
    stamps = [value for name, value in parts if name.strip() == "t"]
    given = [value.strip().encode() for name, value in parts if name.strip() == "v1"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdecimal() or len(stamps[0]) > 12:
        return False
    if abs(int(now.timestamp()) - int(stamps[0])) > _TOLERANCE:
        return False
    signed = stamps[0].encode() + b"." + body
    right = [hmac.new(secret.encode(), signed, "sha256").hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in right for other in given)


def _read(said: _Event) -> ProviderEvent:
    thing = said.data.object
    kind = EVENTS.get(said.type, EventKind.IGNORED)
    metadata = thing.get("metadata") or {}
    key, ref, payment = str(metadata.get(KEY) or ""), identifier(thing), identifier(thing.get("payment_intent"))
    if said.type.startswith("checkout.session."):
        if thing.get("mode") == "setup":
            kind = EventKind.METHOD
        key, ref = key or str(thing.get("client_reference_id") or ""), payment or ref
    elif said.type.startswith("payment_intent."):
        payment = ref
    elif said.type == "charge.refunded":
        key, ref = "", ""  # the charge knows its payment, but not which refund is meant
    elif said.type == "setup_intent.succeeded":
        ref = identifier(thing.get("payment_method")) or ref
    return ProviderEvent(
        id=said.id,
        kind=kind,
        occurred_at=datetime.fromtimestamp(said.created, UTC),
        key=key,
        provider_ref=ref,
        type=said.type,
        live=said.livemode,
        payment_ref=payment,
    )


def _named(thing: Mapping[str, Any]) -> str:
    """The tenant that an object names."""
    return str((thing.get("metadata") or {}).get(TENANT) or "")


def _own_payout(ctx: Context, said: _Event) -> str:
    """At a tenant's own endpoint: his own account's payouts are his. Not those of accounts connected to it."""
    return "" if said.account else _named(said.data.object) or str(tenant_of(ctx).id)


async def _paid_out(ctx: Context, said: _Event, live: bool) -> str:
    """At the platform's endpoint: a payout is whose account it left. What stands in the payout, the account's holder
    may have written. The platform's own payouts are nobody's here. Raises Unavailable.
    """
    return await owner_of(ctx, said.account, live) if said.account else ""


async def _was_ours(ctx: Context, account: str, live: bool) -> bool:
    """Whether a connected account is, or was, this tenant's: of a payment from then he still hears. Raises Unavailable
    and whatever else ``owner_of`` does.
    """
    return await Book(ctx).is_bound(account, live, ever=True) or await owner_of(ctx, account, live) == str(
        tenant_of(ctx).id
    )


async def _payer(ctx: Context, said: _Event, intent: str, live: bool) -> str:
    """Whose payment a dispute or a foreign refund is about; only the payment itself says so. Raises Unavailable."""
    scope = scope_of(ctx, said.account or "platform", live)
    try:
        return _named(await ask(connect(ctx, scope).payment_intents.retrieve_async(intent)))
    except Gone:
        return ""
