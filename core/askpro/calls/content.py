"""The stored form of a report that was refused, and the digest by which a repeat is known. Pure.

What is refused may hold anything, so the stored form is cut down to what the database can hold.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from askpro.calls.events import UsageEvent

__all__ = ("as_event", "as_json", "digest", "storable", "substance")

_LONGEST = 300
_BIGGEST = 2**63 - 1
_MS = timedelta(milliseconds=1)


def storable(text: str) -> str:
    """A text that PostgreSQL takes: no NUL, no half characters, not endless."""
    return text[:_LONGEST].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def as_json(event: UsageEvent) -> dict[str, Any]:
    """The report as plain JSON values."""
    found: dict[str, Any] = msgspec.structs.asdict(event)
    for name, value in found.items():
        if isinstance(value, str):
            found[name] = storable(value)
        elif isinstance(value, int):
            found[name] = max(-_BIGGEST, min(value, _BIGGEST))
        elif isinstance(value, datetime):
            found[name] = _instant(value).isoformat()
    return found


def _instant(value: datetime) -> datetime:
    """In UTC, because PostgreSQL knows no offset of sixteen hours and more; at the ends of time, the end."""
    if value.tzinfo is None:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return value.replace(tzinfo=UTC)


def as_event(stored: dict[str, Any]) -> UsageEvent:
    """The report back from its stored form. Raises msgspec.ValidationError."""
    return msgspec.convert(stored, UsageEvent)


def substance(event: UsageEvent) -> tuple[object, ...]:
    """What makes two reports of one id the same call: the words for why nobody answered do not."""
    began, ended = event.started_at, event.ended_at
    answered = event.answered_at if event.connected else None
    return (
        event.customer, began, _milliseconds(began, answered or ended), _milliseconds(answered, ended), event.direction,
        event.tokens, event.bookings, event.from_number, event.to_number,
    )  # fmt: skip


def _milliseconds(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None or (since.tzinfo is None) != (until.tzinfo is None):
        return None
    return (until - since) // _MS


def digest(event: UsageEvent) -> bytes:
    """Equal for equal reports."""
    whole = repr(msgspec.structs.astuple(event)).encode("utf-8", "backslashreplace")
    return blake2b(whole, digest_size=16).digest()
