"""Identifiers made by the application: time-ordered, unique without asking anybody.

* ``new_id()`` is a UUIDv7: 48 bits of milliseconds, then randomness. Tables partitioned by month are
  partitioned by the range of these ids, so a primary key ``(tenant_id, id)`` contains its partition key.
* ``usage_id()`` names a call for ever: the month it began in, then a digest of tenant, source and the
  source's own id. The same call reported twice has the same id, whatever else the report says, so the
  primary key is also the guard against booking it twice (failure 14).
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

__all__ = ("month_floor", "named_id", "new_id", "time_of", "usage_id", "usage_month")

_NO_VERSION = ~(0xF << 76) & ~(3 << 62)
_VERSION_8 = 8 << 76 | 2 << 62
_last = 0


def new_id(at: datetime | None = None) -> UUID:
    """A fresh UUIDv7. Ids made by one process within a millisecond still ascend."""
    global _last
    if at is None:
        ticks = time.time_ns() * 4096 // 1_000_000  # ms << 12 | sub-millisecond
        ticks = _last = max(ticks, _last + 1)
    else:
        ticks = int(at.timestamp() * 1000) << 12 | secrets.randbits(12)
    millis, sub = ticks >> 12, ticks & 0xFFF
    return UUID(int=(millis & (1 << 48) - 1) << 80 | 7 << 76 | sub << 64 | 2 << 62 | secrets.randbits(62))


def time_of(identifier: UUID) -> datetime:
    """When a UUIDv7 was made (UTC, milliseconds)."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def month_floor(year: int, month: int) -> UUID:
    """The smallest UUIDv7 of a month: the bound of a monthly partition."""
    return UUID(int=int(datetime(year, month, 1, tzinfo=UTC).timestamp() * 1000) << 80)


def named_id(*parts: object) -> UUID:
    """A UUIDv8 that is always the same for the same parts."""
    digest = int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest())
    return UUID(int=digest & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62)


def usage_month(at: datetime) -> int:
    """Months since January 1970 of the UTC month: the leading 16 bits of a usage id."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return (at.year - 1970) * 12 + at.month - 1


def usage_id(tenant: UUID, source: str, external_id: str, began_at: datetime) -> UUID:
    """The one id of a call: UUIDv8 of 16 bits month and 106 bits digest of (tenant, source, external id)."""
    hashing = _keyed(tenant).copy()
    hashing.update(f"{source}\x1f{external_id}".encode())
    value = (usage_month(began_at) & 0xFFFF) << 112 | int.from_bytes(hashing.digest())
    return UUID(int=value & _NO_VERSION | _VERSION_8)


@lru_cache(maxsize=4096)
def _keyed(tenant: UUID) -> blake2b:
    """The digest with the tenant's key in it: half of the work for a text of one block."""
    return blake2b(digest_size=14, key=tenant.bytes)
