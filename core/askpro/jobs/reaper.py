"""Jobs whose worker died are given to another one."""

from __future__ import annotations

import logging

from askpro import db
from askpro.ids import new_id
from askpro.jobs.queue import queue_again
from askpro.jobs.tasks import task

__all__ = ("LIVES", "SILENCE", "reap")

log = logging.getLogger("askpro.jobs")

SILENCE = 30.0
"""Seconds without a heartbeat after which a worker is dead; it beats every ten."""
LIVES = 5
"""A job that took so many workers with it is not given to the next."""

_STALLED = """
select j.id, j.task_name, j.attempts
  from jobs.procrastinate_jobs j left join jobs.procrastinate_workers w on w.id = j.worker_id
 where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - make_interval(secs => $1))
   for update of j skip locked
"""


# Not `alone`: the lock of a reaper that died would keep the next one from ever starting.
@task("jobs.reap", cron="* * * * *", retry=None, alone=False)
async def reap_job() -> None:
    """Once a minute."""
    await reap()


async def reap(silence: float = SILENCE) -> list[int]:
    """Queue the jobs of dead workers again; returns their ids. Several may do this at once."""
    again: list[int] = []
    async with db.shared_unit():
        for job in await db.fetch(_STALLED, silence):
            await db.execute(
                "insert into jobs.failure (id, job_id, attempt, error) values ($1, $2, $3, 'its worker died')",
                new_id(),
                job["id"],
                job["attempts"] + 1,
            )
            if job["attempts"] + 1 >= LIVES:
                await db.execute("select jobs.procrastinate_finish_job_v1($1, 'failed', false)", job["id"])
                log.error("job %s (%s) has cost %s workers; given up", job["id"], job["task_name"], LIVES)
                continue
            await queue_again(job["id"])
            again.append(job["id"])
    if again:
        log.warning("queued again after their worker died: %s", again)
    return again
