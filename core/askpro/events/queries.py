"""What is waiting in the outbox, and what was given up. All need an open unit: a tenant's, or the platform's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from askpro import db

__all__ = ("DeadLetter", "Waiting", "dead_letters", "waiting")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that some listener never took. ``delivered``: those that did."""

    tenant: UUID
    id: UUID
    kind: str
    created_at: datetime
    dead_at: datetime
    attempts: int
    delivered: Sequence[str]
    error: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How full the outbox is. ``oldest``: the event that waits longest."""

    due: int
    failing: int
    dead: int
    oldest: datetime | None


async def dead_letters(*, tenant: UUID | None = None, limit: int = 100) -> list[DeadLetter]:
    """Events that were given up, latest first."""
    rows = await db.fetch(
        """
        select tenant_id, id, kind, created_at, dead_at, attempts, delivered, last_error from events.outbox
         where dead_at is not null and ($1::uuid is null or tenant_id = $1) order by id desc limit $2
        """,
        tenant,
        limit,
    )
    return [DeadLetter(*row) for row in rows]


async def waiting(*, tenant: UUID | None = None) -> Waiting:
    """Counts for health and metrics."""
    row = await db.fetchrow(
        """
        select count(*) filter (where dead_at is null and next_try <= now()),
               count(*) filter (where dead_at is null and attempts > 0),
               count(*) filter (where dead_at is not null),
               min(created_at) filter (where dead_at is null)
          from events.outbox where done_at is null and ($1::uuid is null or tenant_id = $1)
        """,
        tenant,
    )
    return Waiting(*row)
