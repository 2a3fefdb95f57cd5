"""Where the limiter counts: PostgreSQL, or Redis and Valkey. Both add and answer in one atomic step (trap W4)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from askpro import db

__all__ = ("Count", "Counters", "PgCounters", "RedisCounters")

log = structlog.get_logger("askpro.web.limits")

_ADD = """
insert into web.rate as r (bucket, window_at, n)
select bucket, window_at, n from unnest($1::uuid[], $2::timestamptz[], $3::int[]) u(bucket, window_at, n)
 order by bucket, window_at
on conflict (bucket, window_at) do update set n = r.n + excluded.n
returning bucket, window_at, n
"""

# KEYS: counters. ARGV: for each what to add and how many milliseconds it lives from its first count on.
_SCRIPT = """
local totals = {}
for i, key in ipairs(KEYS) do
  local added = tonumber(ARGV[2 * i - 1])
  local total = redis.call('INCRBY', key, added)
  if total == added then redis.call('PEXPIRE', key, ARGV[2 * i]) end
  totals[i] = total
end
return totals
"""


class Count(NamedTuple):
    """Something to be counted: ``window_at`` and ``seconds`` say for how long, in Unix time."""

    bucket: UUID
    window_at: int
    seconds: int


class Counters(Protocol):
    """Adds and returns the totals in the order asked. No count occurs twice in one call."""

    async def add(self, counts: Sequence[tuple[Count, int]]) -> list[int]: ...

    async def close(self) -> None: ...


class PgCounters:
    """One statement that is its own transaction, on an unlogged table: nothing waits for a disk."""

    async def add(self, counts: Sequence[tuple[Count, int]]) -> list[int]:
        """Buckets are taken in ascending order, so two callers never wait for each other in a circle."""
        rows = await db.call(
            _ADD,
            [count.bucket for count, _ in counts],
            [datetime.fromtimestamp(count.window_at, UTC) for count, _ in counts],
            [n for _, n in counts],
        )
        totals = {(row["bucket"], int(row["window_at"].timestamp())): row["n"] for row in rows}
        return [totals[count.bucket, count.window_at] for count, _ in counts]

    async def close(self) -> None:
        """Nothing of its own to close."""


class RedisCounters:
    """One Lua script. While the server is away ``fallback`` counts, so that limits hold and requests go on."""

    def __init__(self, url: str, fallback: Counters) -> None:
        # redis-py's own pool raises beyond its size instead of waiting (TRAPS R)
        pool = BlockingConnectionPool.from_url(url, max_connections=20, timeout=5, socket_timeout=2)
        self._client: Redis = Redis(connection_pool=pool)
        self._add = self._client.register_script(_SCRIPT)
        self._fallback = fallback
        self._silent_until = 0.0

    async def add(self, counts: Sequence[tuple[Count, int]]) -> list[int]:
        keys = [f"askpro:rate:{count.bucket.hex}:{count.window_at}" for count, _ in counts]
        arguments = [text for count, n in counts for text in (n, count.seconds * 1000)]
        try:
            found = await self._add(keys=keys, args=arguments)
        except (RedisError, OSError) as error:
            if time.monotonic() > self._silent_until:
                self._silent_until = time.monotonic() + 60
                log.warning("limits are counted in PostgreSQL meanwhile", error=type(error).__name__)
            return await self._fallback.add(counts)
        return [int(total) for total in found]

    async def close(self) -> None:
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
