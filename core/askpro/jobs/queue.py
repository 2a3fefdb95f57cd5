"""Put work into the queue inside the open unit: it exists if and only if the unit commits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from askpro import db

__all__ = ("defer", "queue_again")

# The function's name carries its version; a contract test holds on to name and signature.
_CALL = """(jobs.procrastinate_defer_jobs_v1(array[row(
  $1::varchar, $2::varchar, $3::int, $4::text, {queueing_lock}, $6::jsonb, $7::timestamptz
)]::jobs.procrastinate_job_to_defer_v1[]))[1]"""

_PLAIN = f"select {_CALL.format(queueing_lock='$5::text')} as id"

# A waiting job is held (for share) until this unit has ended: it cannot start before it, and so sees what the
# unit wrote. Two units that defer the same thing at once must not wait for each other, as they would in the
# unique index: the second one adds a job without the lock. Twice is better than never, and than a deadlock.
_ONCE = f"""
with waiting as materialized (
  select id from jobs.procrastinate_jobs where queueing_lock = $5::text and status = 'todo' for share skip locked
), fresh as materialized (
  select case when pg_try_advisory_xact_lock(7411, hashtext($5)) then $5 end as queueing_lock
   where not exists (select from waiting)
)
select id from waiting
union all
select {_CALL.format(queueing_lock="fresh.queueing_lock")} from fresh
"""  # noqa: S608 - put together from constants


async def defer(
    task_name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    queue: str = "default",
    at: datetime | None = None,
    priority: int = 0,
    **args: Any,
) -> int:
    """Add a job to the queue and return its id; it starts after the unit has committed (``at``: not before then).

    ``args`` reach the task as JSON values: a UUID as its text. ``lock``: jobs of one lock run one after the other,
    in order, so one that waits for ``at`` or for its next try holds up those behind it. ``queueing_lock``: while a
    job with it is waiting, no second one is added and the waiting one's id is returned; that never fails the unit
    and never waits for another unit.

    Raises RuntimeError outside a unit.
    """
    opened = db.current()
    if opened is None:
        raise RuntimeError("defer() belongs inside a unit: a job must come and go with what it is about")
    values = (queue, task_name, priority, lock, queueing_lock, args, at)
    if queueing_lock is None:
        return int(await db.fetchval(_PLAIN, *values))
    for attempt in (1, 2, 3):
        savepoint = opened.next_savepoint()
        await db.execute(f"savepoint {savepoint}")
        try:
            found = await db.fetchval(_ONCE, *values)
        except asyncpg.UniqueViolationError:  # somebody committed the same between our look and our insert
            await db.execute(f"rollback to savepoint {savepoint}; release savepoint {savepoint}")
            if attempt == 3:
                raise
            continue
        await db.execute(f"release savepoint {savepoint}")
        return int(found)
    raise AssertionError("unreachable")


async def queue_again(job_id: int) -> None:
    """Put a job that is running or has failed back into the queue, to start now.

    It gives its queueing lock up: another job may be waiting under it, and the index would refuse this one.
    """
    await db.execute("update jobs.procrastinate_jobs set queueing_lock = null where id = $1", job_id)
    await db.execute("select jobs.procrastinate_retry_job_v2($1, now(), null, null, null)", job_id)
