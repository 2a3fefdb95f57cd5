"""The limiter's counters in Redis or Valkey. Loaded where one is set only: its client takes six megabytes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from askpro.web.counters import Count, Counters

__all__ = ("RedisCounters",)

log = structlog.get_logger("askpro.web.limits")

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


class RedisCounters:
    """One Lua script. While the server is away ``fallback`` counts, so that limits hold and requests go on."""

    def __init__(self, url: str, fallback: Counters) -> None:
        # redis-py's own pool raises beyond its size instead of waiting
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
