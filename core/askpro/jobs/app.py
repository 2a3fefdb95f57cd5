"""The queue's machinery: procrastinate with a small pool of its own, looking at schema ``jobs`` only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from procrastinate import App, PsycopgConnector

from askpro.jobs.tasks import TaskSpec, arguments

__all__ = ("make_app",)


def make_app(dsn: str, specs: Iterable[TaskSpec], *, pool: int = 4) -> App:
    """An app that knows these tasks. ``pool``: database connections beside the process's own.

    It listens, so ``dsn`` must reach PostgreSQL itself and not a pooler in transaction mode.
    """
    connector = PsycopgConnector(
        conninfo=dsn,
        min_size=1,
        max_size=pool,
        kwargs={"options": "-c search_path=jobs,pg_temp", "application_name": "askpro jobs"},
    )
    app = App(connector=connector)
    for spec in specs:
        once = f"cron:{spec.name}" if spec.cron else None
        declared = app.task(
            name=spec.name,
            queue=spec.queue,
            retry=spec.retry or False,
            lock=spec.lock or (once if spec.alone else None),
            queueing_lock=once,
        )(_runner(spec))
        if spec.cron:
            app.periodic(cron=spec.cron, periodic_id="")(declared)
    return app


def _runner(spec: TaskSpec) -> Callable[..., Awaitable[None]]:
    async def run(**values: Any) -> None:
        await spec.run(**arguments(values))

    return run
