"""Kassenwerk's messages, signed as Standard Webhooks describes: HMAC-SHA256 over number, time and raw body."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

import msgspec
from askpro.sdk import Context, EventKind, EventRefused, ProviderEvent

from askpro_kassenwerk.book import Book
from askpro_kassenwerk.settings import settings_of

__all__ = ("sign", "verify_event")

_TOLERANCE = 300  # seconds, either way
_KINDS = {"payment": EventKind.PAYMENT, "refund": EventKind.REFUND}


class _Data(msgspec.Struct, frozen=True):
    id: str
    reference: str
    livemode: bool
    payment: str = ""


class _Message(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    data: _Data


def sign(secret: bytes, identifier: str, stamp: int, body: bytes) -> str:
    """The signature of a delivery, without its ``v1,``."""
    signed = f"{identifier}.{stamp}.".encode() + body
    return b64encode(hmac.digest(secret, signed, "sha256")).decode()


async def verify_event(ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
    """See PaymentProvider. What is about another reseller, or the other mode, is IGNORED."""
    settings = settings_of(ctx)
    identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not settings.signing_key or not identifier or not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        raise EventRefused("the signature is missing")
    if abs(ctx.now().timestamp() - int(stamp)) > _TOLERANCE:
        raise EventRefused("the message is too old")
    right = sign(settings.signing_key, identifier, int(stamp), body).encode()
    given = [one.removeprefix("v1,").encode() for one in headers.get("webhook-signature", "").split(" ")]
    if not any(hmac.compare_digest(right, one) for one in given):
        raise EventRefused("the signature is wrong")
    try:
        said = msgspec.json.decode(body, type=_Message)
    except msgspec.DecodeError as error:
        raise EventRefused("the body cannot be read") from error
    family = said.type.partition(".")[0]
    kind, key = _KINDS.get(family, EventKind.IGNORED), Book(ctx).key_of(said.data.reference)
    if not key or said.data.livemode is not settings.live:
        kind = EventKind.IGNORED
    if kind is EventKind.IGNORED:
        return ProviderEvent(id=identifier, kind=kind, type=said.type, occurred_at=said.timestamp, live=settings.live)
    return ProviderEvent(
        id=identifier,
        kind=kind,
        type=said.type,
        occurred_at=said.timestamp,
        key=key,
        provider_ref=said.data.id,
        payment_ref=said.data.payment,
        live=settings.live,
    )
