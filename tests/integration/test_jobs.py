"""The queue: with its unit or not at all, never in its way, at least once, and nothing is lost with a worker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from askpro import db
from askpro.errors import Conflict
from askpro.jobs import defer, housekeeping, queries, reaper, task, tasks
from askpro.jobs.tasks import TaskSpec, collect, retrying_up_to
from askpro.worker import run_worker

pytestmark = pytest.mark.anyio


async def _jobs(**chosen: Any) -> list[queries.JobLine]:
    async with db.shared_unit():
        return await queries.jobs(**chosen)


@pytest.fixture
def work(database: Any) -> Callable[..., Awaitable[None]]:
    """Run a worker with these tasks until the queue is empty (cron jobs that fall due run as well)."""

    async def run(*specs: TaskSpec, **options: Any) -> None:
        async with asyncio.timeout(30):
            await run_worker(database.dsn, extra=specs, wait=False, **options)

    return run


async def test_a_job_exists_with_its_unit_only(database: object) -> None:
    """Rolled back: no job. Committed: a job. A savepoint that fails takes its job along."""

    async def undone(name: str) -> None:
        async with db.shared_unit():
            await defer(name)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone("t.one")
    assert await _jobs() == []

    async with db.shared_unit():
        await defer("t.outer", at=datetime.now(UTC) + timedelta(hours=1), who="a", n=1)
        with pytest.raises(ZeroDivisionError):
            await undone("t.inner")
    assert [(job.task, job.args, job.status) for job in await _jobs()] == [("t.outer", {"who": "a", "n": 1}, "todo")]


async def test_outside_a_unit_nothing_is_deferred(database: object) -> None:
    """A job without a unit would run whether or not its change is kept."""
    with pytest.raises(RuntimeError, match="inside a unit"):
        await defer("t.one")


async def test_queueing_lock_adds_one_job_and_spares_the_unit(database: object) -> None:
    """The second job under a waiting lock is not added, and the unit goes on and commits."""
    async with db.shared_unit():
        first = await defer("t.one", queueing_lock="k")
        assert await defer("t.one", queueing_lock="k") == first
    async with db.shared_unit():
        assert await defer("t.one", queueing_lock="k") == first
        other = await defer("t.one", queueing_lock="other")
    assert [job.id for job in await _jobs()] == [other, first]


async def test_units_that_defer_the_same_do_not_wait_for_each_other(database: object) -> None:
    """Two open units under one queueing lock: neither blocks (the index would make it), no job is lost."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(fails: bool) -> None:
        async with db.shared_unit():
            await defer("t.one", queueing_lock="k")
            inside.set()
            await go_on.wait()
            if fails:
                raise ZeroDivisionError

    first = asyncio.create_task(slow(fails=True))
    await inside.wait()
    async with asyncio.timeout(5), db.shared_unit():
        await defer("t.one", queueing_lock="k")
    go_on.set()
    with pytest.raises(ZeroDivisionError):
        await first
    assert len(await _jobs()) == 1


async def test_a_waiting_job_starts_after_the_unit_that_counts_on_it(database: Any, work: Any) -> None:
    """A unit that found its job waiting already still has it run after its own commit."""
    seen: list[int] = []

    async def look() -> None:
        async with db.shared_unit():
            seen.append(await db.fetchval("select count(*) from web.rate"))

    async with db.shared_unit():
        await defer("t.look", queueing_lock="k")
    async with db.shared_unit():
        await defer("t.look", queueing_lock="k")
        await db.execute("insert into web.rate values (gen_random_uuid(), now(), 1)")
        await asyncio.create_task(work(TaskSpec("t.look", look)), context=Context())
        assert seen == []
    await work(TaskSpec("t.look", look))
    assert seen == [1]


async def test_a_failed_job_is_tried_again_and_then_shown(work: Any) -> None:
    """It runs as often as its patience says, keeps the reason, and can be queued again by hand."""
    runs: list[int] = []

    async def breaks(n: int) -> None:
        runs.append(n)
        raise LookupError("no such order")

    spec = TaskSpec("t.breaks", breaks, retry=retrying_up_to(2))
    async with db.shared_unit():
        job = await defer("t.breaks", n=7)
    for _ in range(3):
        await work(spec)
    [line] = await _jobs(status="failed")
    assert runs == [7, 7, 7]
    assert (line.id, line.attempts, line.error) == (job, 3, "LookupError: no such order")

    async with db.shared_unit():
        await queries.retry(job)
    await work(spec)
    assert len(runs) == 4
    with pytest.raises(Conflict):
        async with db.shared_unit():
            await queries.retry(job + 1000)


async def test_a_retry_does_not_collide_with_the_next_one_waiting(work: Any) -> None:
    """A job fails while another waits under its queueing lock: it comes back, where the index would strand it."""
    runs: list[str] = []

    async def breaks_once(name: str) -> None:
        runs.append(name)
        if runs == ["first"]:
            async with db.shared_unit():
                await defer("t.once", queueing_lock="k", at=datetime.now(UTC) + timedelta(hours=1), name="second")
            raise LookupError

    async with db.shared_unit():
        await defer("t.once", queueing_lock="k", name="first")
    await work(TaskSpec("t.once", breaks_once, retry=retrying_up_to(3)))
    await work(TaskSpec("t.once", breaks_once, retry=retrying_up_to(3)))
    assert runs == ["first", "first"]
    assert [job.args["name"] for job in await _jobs(task="t.once")] == ["second"]


async def test_no_job_runs_before_required_plugins_are_up(database: Any) -> None:
    """The worker asks, waits, and starts only when nothing is missing."""
    asked: list[int] = []
    ran: list[int] = []

    def missing() -> list[str]:
        asked.append(len(ran))
        return ["stripe"] if len(asked) < 3 else []

    async def run() -> None:
        ran.append(len(asked))

    async with db.shared_unit():
        await defer("t.run")
    async with asyncio.timeout(20):
        await run_worker(database.dsn, extra=[TaskSpec("t.run", run)], missing=missing, patience=0.01, wait=False)
    assert (asked, ran) == ([0, 0, 0], [3])


async def test_a_worker_stops_when_told_and_lets_jobs_end(database: Any) -> None:
    """``stop`` ends the worker after the job that runs, not in its middle."""
    stop, steps = asyncio.Event(), []

    async def slow() -> None:
        steps.append("begun")
        stop.set()
        await asyncio.sleep(0.2)
        steps.append("ended")

    async with db.shared_unit():
        await defer("t.slow")
        await defer("t.slow")
    async with asyncio.timeout(20):
        await run_worker(database.dsn, extra=[TaskSpec("t.slow", slow)], stop=stop, concurrency=1)
    assert steps == ["begun", "ended"]
    assert [job.status for job in await _jobs(task="t.slow")] == ["todo"]


VICTIM = """
import asyncio, os, sys
from askpro import db, secrets
from askpro.jobs import TaskSpec
from askpro.worker import run_worker

async def effect(key):
    async with db.shared_unit():
        await db.execute("insert into public.effect (key) values ($1) on conflict do nothing", key)
        await db.execute("insert into public.run (key) values ($1)", key)
    print("done", flush=True)
    if os.environ["HANG"] == "after":
        await asyncio.sleep(600)

async def unfinished(key):
    async with db.shared_unit():
        await db.execute("insert into public.effect (key) values ($1)", key)
        print("done", flush=True)
        if os.environ["HANG"] == "inside":
            await asyncio.sleep(600)

async def main():
    await db.start(os.environ["DSN"])
    await run_worker(os.environ["DSN"], wait=os.environ["HANG"] != "", heartbeat=0.2,
                     extra=[TaskSpec("t.effect", effect), TaskSpec("t.unfinished", unfinished)])
    await db.stop()

asyncio.run(main())
"""


def _spawn(tmp_path: Path, dsn: str, hang: str) -> subprocess.Popen[str]:
    script = tmp_path / "victim.py"
    script.write_text(textwrap.dedent(VICTIM))
    return subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "DSN": dsn, "HANG": hang}, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(("name", "hang"), [("t.effect", "after"), ("t.unfinished", "inside")])
async def test_a_killed_workers_job_runs_again_with_one_effect(
    database: Any, tmp_path: Path, name: str, hang: str
) -> None:
    """kill -9 after or inside the job's unit: the reaper queues it, another worker runs it, one effect remains."""
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute(
        "create table public.effect (key text primary key); create table public.run (key text);"
        " grant all on public.effect, public.run to askpro_app"
    )
    async with db.shared_unit():
        job = await defer(name, queueing_lock="k", key="x")
    victim = _spawn(tmp_path, database.dsn, hang)
    try:
        assert victim.stdout is not None
        assert await asyncio.to_thread(victim.stdout.readline) == "done\n"
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
    async with db.shared_unit():
        await defer(name, queueing_lock="k", at=datetime.now(UTC) + timedelta(hours=1), key="later")

    assert await reaper.reap(silence=60) == []
    await admin.execute("update jobs.procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
    assert job in await reaper.reap()
    second = await asyncio.to_thread(_run_to_end, tmp_path, database.dsn)
    assert second == "done\n"
    assert await admin.fetchval("select count(*) from public.effect") == 1
    if name == "t.effect":
        assert await admin.fetchval("select count(*) from public.run") == 2
    await admin.close()
    assert [(line.id != job, line.status) for line in await _jobs(task=name)] == [(True, "todo")]


def _run_to_end(tmp_path: Path, dsn: str) -> str:
    with _spawn(tmp_path, dsn, "") as process:
        return process.communicate(timeout=60)[0]


async def test_a_job_that_kills_its_workers_is_given_up(database: Any) -> None:
    """Reaped once too often, it has failed and says why, instead of taking one worker after another."""
    async with db.shared_unit():
        job = await defer("t.poison")
    for _ in range(reaper.LIVES):
        async with db.shared_unit():
            await db.execute("update jobs.procrastinate_jobs set status = 'doing' where id = $1", job)
        await reaper.reap()
    [line] = await _jobs()
    assert (line.status, line.attempts, line.error) == ("failed", reaper.LIVES, "its worker died")


async def test_the_tasks_of_all_domains_are_found(database: object) -> None:
    """Collecting imports each domain's jobs.py; names are unique; cron lines are readable."""
    names = {spec.name for spec in collect()}
    assert {"events.deliver", "events.sweep", "jobs.reap", "jobs.housekeeping"} <= names
    assert {"ledger.prove", "ledger.verify", "ledger.seal"} <= names


async def test_two_tasks_cannot_share_a_name() -> None:
    """The second declaration of a name fails at import, and a plugin cannot take one of ours."""

    async def mine() -> None: ...

    with pytest.raises(ValueError, match=r"jobs\.reap"):
        task("jobs.reap")(mine)
    with pytest.raises(ValueError, match=r"jobs\.reap"):
        collect([TaskSpec("jobs.reap", mine)])
    assert tasks.collect()[0].name


async def test_housekeeping_deletes_what_has_run_out_and_nothing_else(database: Any) -> None:
    """Sessions, stored answers and counters of all tenants that are over go; the living stay."""
    admin = await asyncpg.connect(database.admin_dsn)
    for hours in (-1, 1):
        await admin.execute(
            f"""
            insert into people.session (tenant_id, token_hash, expires_at)
              select gen_random_uuid(), int4send(n), now() + interval '{hours} hours' from generate_series(1, 3) n;
            insert into web.idempotency (tenant_id, principal, route, key, body_hash, expires_at)
              values (gen_random_uuid(), 'p', 'r', 'k', '', now() + interval '{hours} hours');
            insert into web.rate values (gen_random_uuid(), now() + interval '{hours * 72} hours', 1);
            """
        )
    await housekeeping.housekeeping()
    for table, left in (("people.session", 3), ("web.idempotency", 1), ("web.rate", 1)):
        assert (table, await admin.fetchval(f"select count(*) from {table}")) == (table, left)
    await admin.close()
