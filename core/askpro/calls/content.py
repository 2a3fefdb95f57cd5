"""The stored form of a report that was refused, and the digest by which a repeat is known. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from askpro.calls.events import UsageEvent

__all__ = ("as_event", "as_json", "digest")

_encode = msgspec.json.Encoder(order="deterministic").encode


def as_json(event: UsageEvent) -> dict[str, Any]:
    """The report as plain JSON values."""
    found: dict[str, Any] = msgspec.to_builtins(event)
    return found


def as_event(stored: dict[str, Any]) -> UsageEvent:
    """The report back from its stored form. Raises msgspec.ValidationError."""
    return msgspec.convert(stored, UsageEvent)


def digest(event: UsageEvent) -> bytes:
    """Equal for equal reports."""
    return blake2b(_encode(event), digest_size=16).digest()
