"""Where the limiter counts: PostgreSQL here, Redis and Valkey beside it. Both add and answer in one atomic step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from askpro import db

__all__ = ("Count", "Counters", "PgCounters")

_ADD = """
insert into web.rate as r (bucket, window_at, n)
select bucket, window_at, n from unnest($1::uuid[], $2::timestamptz[], $3::int[]) u(bucket, window_at, n)
 order by bucket, window_at
on conflict (bucket, window_at) do update set n = r.n + excluded.n
returning bucket, window_at, n
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
