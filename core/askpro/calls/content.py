"""The stored form of a report that was refused, and the digest by which a repeat is known. Pure.

What is refused may hold anything, so the stored form is cut down to what the database can hold.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from askpro.calls.events import UsageEvent

__all__ = ("as_event", "as_json", "digest", "storable")

_LONGEST = 300
_BIGGEST = 2**63 - 1


def storable(text: str) -> str:
    """A text that PostgreSQL takes: no NUL, no half characters, not endless."""
    return text[:_LONGEST].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def as_json(event: UsageEvent) -> dict[str, Any]:
    """The report as plain JSON values."""
    found: dict[str, Any] = msgspec.to_builtins(event)
    for name, value in found.items():
        if isinstance(value, str):
            found[name] = storable(value)
        elif isinstance(value, int):
            found[name] = max(-_BIGGEST, min(value, _BIGGEST))
    return found


def as_event(stored: dict[str, Any]) -> UsageEvent:
    """The report back from its stored form. Raises msgspec.ValidationError."""
    return msgspec.convert(stored, UsageEvent)


def digest(event: UsageEvent) -> bytes:
    """Equal for equal reports."""
    whole = repr(msgspec.structs.astuple(event)).encode("utf-8", "backslashreplace")
    return blake2b(whole, digest_size=16).digest()
