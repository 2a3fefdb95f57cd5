"""Signed events, as a provider's webhook would bring them: HMAC-SHA256 over time and raw body."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from askpro.sdk import EventKind, EventRefused, ProviderEvent

__all__ = ("HEADER", "event_of", "sign", "verify")

HEADER = "x-sandbox-signature"
_TOLERANCE = 300  # seconds either way


class _Body(msgspec.Struct, frozen=True):
    id: str
    type: str
    key: str
    ref: str
    at: int
    """Unix seconds."""


def event_of(identifier: str, type_: str, key: str, ref: str, at: datetime) -> ProviderEvent:
    """A payment event."""
    return ProviderEvent(
        id=identifier, kind=EventKind.PAYMENT, type=type_, key=key, provider_ref=ref, occurred_at=at, live=False
    )


def sign(event: ProviderEvent, secret: bytes, now: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and body of a delivery."""
    at = int(event.occurred_at.timestamp())
    body = msgspec.json.encode(_Body(event.id, event.type, event.key, event.provider_ref, at))
    stamp = str(int(now.timestamp()))
    return {HEADER: f"t={stamp},v1={_digest(secret, stamp, body)}"}, body


def verify(headers: Mapping[str, str], body: bytes, secret: bytes, now: datetime) -> ProviderEvent:
    """The event of a delivery. Raises EventRefused."""
    stamp, _, given = headers.get(HEADER, "").removeprefix("t=").partition(",v1=")
    if not stamp.isdecimal() or len(stamp) > 12 or abs(int(now.timestamp()) - int(stamp)) > _TOLERANCE:
        raise EventRefused("the signature is missing or too old")
    if not hmac.compare_digest(_digest(secret, stamp, body), given):
        raise EventRefused("the signature is wrong")
    try:
        said = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError as error:
        raise EventRefused("the body cannot be read") from error
    return event_of(said.id, said.type, said.key, said.ref, datetime.fromtimestamp(said.at, UTC))


def _digest(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, "sha256").hexdigest()
