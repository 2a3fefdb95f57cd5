"""What a job failed with, kept beside the job: the queue itself only knows that it did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException

from askpro.ids import new_id

__all__ = ("note_failures", "said")

log = logging.getLogger("askpro.jobs")

# A job that waits for its next try gives its queueing lock up: another one may be waiting under it already, and the
# unique index would leave this one "doing" for ever.
_NOTE = """
with freed as (update procrastinate_jobs set queueing_lock = null where id = %(job)s returning id, attempts)
insert into failure (id, job_id, attempt, error)
select %(id)s::uuid, id, attempts + 1, %(error)s from freed
"""


def said(error: BaseException) -> str:
    """Kind and message of an error, short enough for a list."""
    return f"{type(error).__name__}: {error}".strip().rstrip(":")[:500]


async def note_failures(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Any) -> Any:
    """Around every job of a worker: let it fail, but write down why."""
    try:
        return await call_next()
    except BaseException as error:  # a worker that stops cancels its jobs: they come back as well
        await asyncio.shield(_note(context, new_id(), error))
        raise


async def _note(context: JobContext, identifier: UUID, error: BaseException) -> None:
    try:
        await context.app.connector.execute_query_async(
            _NOTE, job=context.job.id, id=str(identifier), error=said(error)
        )
    except ConnectorException:
        log.exception("job %s failed, and that could not be noted", context.job.id)
