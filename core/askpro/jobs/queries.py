"""What is in the queue, and what became of it. All need an open unit (``db.shared_unit()`` will do)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from askpro import db
from askpro.errors import Conflict
from askpro.jobs.queue import queue_again

__all__ = ("JobLine", "counts", "jobs", "retry")


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job of the queue. ``error``: what its last attempt failed with."""

    id: int
    task: str
    queue: str
    status: str
    args: dict[str, Any]
    attempts: int
    scheduled_at: datetime | None
    error: str
    failed_at: datetime | None


async def jobs(*, status: str | None = None, task: str | None = None, limit: int = 100) -> list[JobLine]:
    """Jobs, latest first. ``status``: todo, doing, failed, aborted, cancelled (what succeeded is gone)."""
    rows = await db.fetch(
        """
        select j.id, j.task_name, j.queue_name, j.status::text, j.args, j.attempts, j.scheduled_at,
               coalesce(f.error, ''), f.at
          from jobs.procrastinate_jobs j
          left join lateral (select error, at from jobs.failure where job_id = j.id order by at desc limit 1) f on true
         where ($1::text is null or j.status::text = $1) and ($2::text is null or j.task_name = $2)
         order by j.id desc limit $3
        """,
        status,
        task,
        limit,
    )
    return [JobLine(*row) for row in rows]


async def counts() -> dict[str, int]:
    """Jobs by status, for health and metrics; ``late`` are those that should have started a minute ago."""
    rows = await db.fetch(
        """
        select status::text as name, count(*) as n from jobs.procrastinate_jobs group by status
        union all
        select 'late', count(*) from jobs.procrastinate_jobs j
         where status = 'todo' and coalesce(scheduled_at, (select min(e.at) from jobs.procrastinate_events e
                                                            where e.job_id = j.id)) < now() - interval '1 minute'
        """
    )
    return {row["name"]: row["n"] for row in rows}


async def retry(job_id: int) -> None:
    """Queue a failed or aborted job again, now. Raises Conflict when it is neither."""
    found = await db.fetchval(
        "update jobs.procrastinate_jobs set status = 'failed'"
        " where id = $1 and status in ('failed', 'aborted') returning id",
        job_id,
    )
    if found is None:
        raise Conflict(f"job {job_id} has not failed", code="job_not_failed")
    await queue_again(job_id)
