"""How often somebody may ask: exact counts in fixed windows, whoever asks at the same moment.

``Limiter`` numbers the requests of a window; who gets a number above the quota is refused. The numbers come
from one shared counter, so of 400 at once against a quota of 50 exactly 50 pass, in one process or in ten.

Two things keep this cheap. Requests that arrive while a count is under way share the next one. And for large
quotas a process takes numbers in advance, a thousandth of the quota at a time: a quota is never exceeded, and the
last thousandth may be refused early when another process holds it.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from askpro import secrets
from askpro.clock import now
from askpro.errors import RateLimited
from askpro.web.counters import Count, Counters, PgCounters

__all__ = ("Limiter", "Policy", "Rule", "Verdict", "current", "enforce", "fields", "start", "stop")

_ADVANCE = 1000
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Policy:
    """``quota`` requests in each window of ``seconds``; ``name`` stands in the RateLimit fields."""

    name: str
    quota: int
    seconds: int = 60


Rule = tuple[Policy, str]
"""A policy and whom it is counted for: a key, a tenant, an address. The subject is stored as a digest only."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a rule stands after this request. ``reset``: seconds until the window ends."""

    policy: Policy
    number: int
    reset: int

    @property
    def allowed(self) -> bool:
        return self.number <= self.policy.quota

    @property
    def remaining(self) -> int:
        return max(0, self.policy.quota - self.number)


@dataclass(slots=True)
class _Stock:
    """Numbers taken and not yet given out: the next, and the last."""

    next: int
    last: int


class Limiter:
    """The limiter of one process; belongs to the event loop that uses it."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._stock: dict[Count, _Stock] = {}
        self._waiting: dict[Count, tuple[int, list[asyncio.Future[int]]]] = {}
        self._running: asyncio.Task[None] | None = None

    async def hit(self, *rules: Rule) -> list[Verdict]:
        """Count this request for every rule, and say how each stands."""
        at = now().timestamp()
        numbers: list[int | asyncio.Future[int]] = []
        resets = []
        for policy, subject in rules:
            window = int(at) // policy.seconds * policy.seconds
            resets.append(max(1, math.ceil(window + policy.seconds - at)))
            numbers.append(self._number(Count(_bucket(policy.name, subject), window, policy.seconds), policy.quota))
        return [
            Verdict(policy, number if isinstance(number, int) else await number, reset)
            for (policy, _), number, reset in zip(rules, numbers, resets, strict=True)
        ]

    def _number(self, count: Count, quota: int) -> int | asyncio.Future[int]:
        stock = self._stock.get(count)
        if stock is not None:
            if stock.next > quota:
                return quota + 1  # used up until the window ends: nothing more to ask
            if stock.next <= stock.last:
                stock.next += 1
                return stock.next - 1
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(count, (max(1, quota // _ADVANCE), []))[1].append(future)
        if self._running is None or self._running.done():
            # a context of its own: a caller inside a unit must not lend its transaction to the count
            self._running = asyncio.get_running_loop().create_task(self._count(), context=contextvars.Context())
        return future

    async def _count(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            asked = [(count, max(len(futures), advance)) for count, (advance, futures) in batch.items()]
            try:
                totals = await self._counters.add(asked)
            except Exception as error:  # each request that waits has to hear of it
                for _, futures in batch.values():
                    for future in futures:
                        if not future.done():
                            future.set_exception(error)
                continue
            for (count, n), total in zip(asked, totals, strict=True):
                self._hand_out(count, total - n + 1, total, batch[count][1])
            self._tidy()

    def _hand_out(self, count: Count, first: int, last: int, futures: list[asyncio.Future[int]]) -> None:
        for future in futures:
            if not future.done():  # else its request was given up
                future.set_result(first)
            first += 1
        self._stock[count] = _Stock(first, last)

    def _tidy(self) -> None:
        if len(self._stock) > _REMEMBERED:
            at = now().timestamp()
            self._stock = {count: stock for count, stock in self._stock.items() if count.window_at + count.seconds > at}

    async def close(self) -> None:
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running], timeout=5)
        await self._counters.close()


@lru_cache(maxsize=8192)
def _bucket(name: str, subject: str) -> UUID:
    """A keyed digest: from the table nobody can tell an address."""
    return UUID(bytes=secrets.sign(f"{name}\x1f{subject}".encode(), purpose="rate")[:16])


_limiter: Limiter | None = None


def start(redis_url: str = "") -> Limiter:
    """Make the process's limiter, in the application's lifespan: Redis or Valkey where set, else PostgreSQL."""
    global _limiter
    _bucket.cache_clear()  # it depends on the keys of the process
    counters: Counters = PgCounters()
    if redis_url:
        from askpro.web.redis_counters import RedisCounters

        counters = RedisCounters(redis_url, counters)
    _limiter = Limiter(counters)
    return _limiter


async def stop() -> None:
    """Close it."""
    global _limiter
    limiter, _limiter = _limiter, None
    if limiter is not None:
        await limiter.close()


def current() -> Limiter:
    """The process's limiter. Raises RuntimeError before ``start``."""
    if _limiter is None:
        raise RuntimeError("the limiter is not there: call limits.start() in the application's lifespan")
    return _limiter


async def enforce(state: dict[str, Any], *rules: Rule) -> None:
    """Count the request for these rules and note them for the answer's fields; ``state`` is the scope's.

    Raises RateLimited with the seconds to wait when one of them is used up.
    """
    verdicts = await current().hit(*rules)
    state["rate"] = [*state.get("rate", ()), *verdicts]
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    if refused:
        raise RateLimited(retry_after=max(verdict.reset for verdict in refused))


def fields(verdicts: Sequence[Verdict]) -> list[tuple[bytes, bytes]]:
    """The response fields: draft-ietf-httpapi-ratelimit-headers-11, and the three older names for the tightest."""
    tightest = min(verdicts, key=lambda one: one.remaining / one.policy.quota)
    policy = ", ".join(f'"{one.policy.name}";q={one.policy.quota};w={one.policy.seconds}' for one in verdicts)
    state = ", ".join(f'"{one.policy.name}";r={one.remaining};t={one.reset}' for one in verdicts)
    return [
        (b"ratelimit-policy", policy.encode()),
        (b"ratelimit", state.encode()),
        (b"x-ratelimit-limit", b"%d" % tightest.policy.quota),
        (b"x-ratelimit-remaining", b"%d" % tightest.remaining),
        (b"x-ratelimit-reset", b"%d" % tightest.reset),
    ]
