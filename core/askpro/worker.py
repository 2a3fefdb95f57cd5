"""The worker: runs jobs of every domain, as many at a time as it is told to.

Started by ``askpro worker``; the pool of ``askpro.db`` is open. It outlives restarts of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import psycopg
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition

from askpro.jobs.app import make_app
from askpro.jobs.failures import note_failures
from askpro.jobs.reaper import SILENCE
from askpro.jobs.tasks import TaskSpec, collect

__all__ = ("Missing", "run_worker")

log = logging.getLogger("askpro.worker")

Missing = Callable[[], Sequence[str] | Awaitable[Sequence[str]]]
"""The required plugins that are not up (``Host.missing``)."""


async def run_worker(
    dsn: str,
    *,
    concurrency: int = 4,
    missing: Missing | None = None,
    extra: Iterable[TaskSpec] = (),
    stop: asyncio.Event | None = None,
    wait: bool = True,
    patience: float = 5.0,
    heartbeat: float = 10.0,
    grace: float = 30.0,
) -> None:
    """Run jobs until ``stop`` is set; then take no new ones and let those that run end (``grace`` seconds).

    ``missing``: no job runs while it names anything; asked again every ``patience`` seconds. ``extra``: tasks of
    plugins. ``wait=False``: return when the queue is empty. A job cut short is tried again by its own strategy; one
    whose worker is killed comes back when the reaper misses its ``heartbeat`` (seconds).

    Raises ValueError when two tasks have one name.
    """
    stop = stop or asyncio.Event()
    specs = collect(extra)
    await _until_complete(missing, stop, patience)
    while not stop.is_set():
        app = make_app(dsn, specs)
        try:
            async with app.open_async():
                await _work(app, stop, concurrency=concurrency, wait=wait, heartbeat=heartbeat, grace=grace)
        except (ConnectorException, psycopg.Error) as error:
            if not wait:
                raise
            log.warning("the queue is out of reach: %s", error)
        if not wait or stop.is_set():
            return
        log.warning("starting again in %.0f s", patience)
        await _sleep(stop, patience)


async def _until_complete(missing: Missing | None, stop: asyncio.Event, patience: float) -> None:
    said: Sequence[str] = ()
    while missing is not None and not stop.is_set():
        answer = missing()
        names = await answer if inspect.isawaitable(answer) else answer
        if not names:
            return
        if names != said:
            log.error("no job runs before these plugins are up: %s", ", ".join(names))
            said = names
        await _sleep(stop, patience)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _work(app: App, stop: asyncio.Event, *, concurrency: int, wait: bool, heartbeat: float, grace: float) -> None:
    worker = asyncio.create_task(
        app.run_worker_async(
            concurrency=concurrency,
            wait=wait,
            fetch_job_polling_interval=2.0,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,  # the queue stays small; what failed stays
            install_signal_handlers=False,
            update_heartbeat_interval=heartbeat,
            stalled_worker_timeout=min(SILENCE, heartbeat * 3),
            shutdown_graceful_timeout=grace,
            worker_middleware=[note_failures],
        )
    )
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        asked_to = not worker.done()
        if asked_to:
            worker.cancel()
        try:
            await worker
        except asyncio.CancelledError:
            if not asked_to:
                raise
