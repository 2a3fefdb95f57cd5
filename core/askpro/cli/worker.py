"""``askpro worker``: run jobs; see what failed, and try it again."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import click

from askpro import db, logs, secrets
from askpro.events import queries as outbox
from askpro.events import service as events
from askpro.jobs import queries
from askpro.settings import Settings

__all__ = ("worker",)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[None]:
    secrets.configure(settings.secret_keys)
    await db.start(settings.database_url, max_size=settings.pool_max, pooler=settings.pooler)
    try:
        yield
    finally:
        await db.stop()


def _run(work: Coroutine[Any, Any, None]) -> None:
    async def opened() -> None:
        async with _open(Settings.from_env()):
            await work

    try:
        asyncio.run(opened())
    finally:
        work.close()


@click.group(invoke_without_command=True)
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs at a time.")
@click.option("--once", is_flag=True, help="Return when the queue is empty.")
@click.pass_context
def worker(ctx: click.Context, concurrency: int, once: bool) -> None:
    """Run jobs until told to stop (SIGTERM lets those that run end)."""
    if ctx.invoked_subcommand is None:
        asyncio.run(_serve(Settings.from_env(), concurrency, once))


async def _serve(settings: Settings, concurrency: int, once: bool) -> None:
    # late: the other commands need none of it
    from askpro.app import plugin_host
    from askpro.messages import links
    from askpro.payments import providers
    from askpro.plugin_work import plugin_tasks, subscribe_plugins
    from askpro.worker import run_worker

    logs.configure(json=settings.log_json)
    links.connect(settings)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    host = plugin_host(settings)
    host.load()
    async with _open(settings):
        await host.start()
        providers.connect(host, settings)
        subscribe_plugins(host)

        async def missing() -> Sequence[str]:
            if host.missing():
                await host.start()  # its migration may have run meanwhile
            return host.missing()

        try:
            await run_worker(
                settings.database_url,
                concurrency=concurrency,
                missing=missing,
                extra=plugin_tasks(host),
                stop=stop,
                wait=not once,
            )
        finally:
            providers.disconnect()


@worker.command("jobs")
@click.option("--status", type=click.Choice(("todo", "doing", "failed", "aborted", "cancelled")), help="Only these.")
@click.option("--task", help="Only jobs of this task.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_jobs(status: str | None, task: str | None, limit: int) -> None:
    """List jobs, latest first. What succeeded is gone."""

    async def show() -> None:
        async with db.shared_unit():
            lines = await queries.jobs(status=status, task=task, limit=limit)
        for line in lines:
            click.echo(f"{line.id:>8}  {line.status:9}  {line.task:24}  {line.attempts:>2}×  {json.dumps(line.args)}")
            if line.error:
                click.echo(f"{'':>10}{line.failed_at:%Y-%m-%d %H:%M:%S} UTC  {line.error}")
        click.echo(f"{len(lines)} jobs", err=True)

    _run(show())


@worker.command("retry")
@click.argument("job", type=int)
def retry(job: int) -> None:
    """Queue a failed JOB again."""

    async def again() -> None:
        async with db.shared_unit():
            await queries.retry(job)

    _run(again())


@worker.command("dead")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def dead(limit: int) -> None:
    """List events that some listener never took."""

    async def show() -> None:
        async with db.platform_unit("the operator lists dead letters", actor="operator:console"):
            letters = await outbox.dead_letters(limit=limit)
        for letter in letters:
            click.echo(f"{letter.tenant}  {letter.id}  {letter.created_at:%Y-%m-%d %H:%M} UTC  {letter.kind}")
            click.echo(f"    {letter.attempts}×  {letter.error}")
        click.echo(f"{len(letters)} dead letters", err=True)

    _run(show())


@worker.command("replay")
@click.argument("tenant", type=UUID)
@click.argument("event", type=UUID, required=False)
def replay(tenant: UUID, event: UUID | None) -> None:
    """Deliver a dead letter of TENANT again (without EVENT: all of them)."""

    async def again() -> None:
        click.echo(f"{await events.replay(tenant, event)} events will be delivered again")

    _run(again())
