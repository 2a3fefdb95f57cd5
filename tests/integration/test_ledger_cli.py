"""``askpro ledger`` and ``askpro worker`` as an operator meets them: what they print, and with which code they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from ledger_books import make_books, tampering

from askpro import db
from askpro.jobs import defer, queries
from askpro.ledger import roots

pytestmark = pytest.mark.anyio

Askpro = Callable[..., Any]


def _environment(database: Any, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")}
    key = "test-key-test-key-test-key-test-key"
    return own | {"ASKPRO_DATABASE_URL": database.dsn, "ASKPRO_SECRET_KEY": key} | more


def _command(*args: str) -> list[str]:
    return [sys.executable, "-c", "from askpro.cli import main; main()", *args]


@pytest.fixture
def askpro(database: Any) -> Askpro:
    """Run the command on the test's database; returns (exit code, output)."""

    def run(*args: str) -> tuple[int, str]:
        done = subprocess.run(
            _command(*args), env=_environment(database), capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    async def call(*args: str) -> tuple[int, str]:
        return await asyncio.to_thread(run, *args)

    return call


async def test_prove_says_green_and_red(database: Any, askpro: Askpro) -> None:
    """0 and a line a tenant while all is well; 1, what should be and what is there, when a unit is missing."""
    await make_books()
    code, said = await askpro("ledger", "prove")
    assert (code, "one" in said, "in order" in said) == (0, True, True)

    async with tampering(database.admin_dsn, "wallet") as admin:
        await admin.execute("update ledger.wallet set posted = posted + 1 where posted > 5000000")
        code, said = await askpro("ledger", "prove", "--tenant", "one")
        assert code == 1
        assert "a balance is the sum of its transfers: 1" in said
        assert (await askpro("ledger", "prove", "--tenant", "platform"))[0] == 0
    code, said = await askpro("ledger", "prove", "--tenant", "nobody")
    assert (code, "nobody" in said) == (2, True)


async def test_verify_with_an_exported_file(database: Any, askpro: Askpro, tmp_path: Path) -> None:
    """Seal, export, verify; a changed booking is red, and so is a file of somebody who is no longer there."""
    books = await make_books()
    async with tampering(database.admin_dsn) as admin:
        for table in ("transfer", "usage"):
            await admin.execute(f"update ledger.{table} set booked_at = booked_at - interval '3 days'")
    file = tmp_path / "roots.jsonl"
    code, said = await askpro("ledger", "roots", "--export", str(file))
    assert (code, "1 days sealed now" in said) == (0, True)
    assert len(roots.load(file.read_text())) == 1
    assert (await askpro("ledger", "verify", "--roots", str(file)))[0] == 0
    assert (await askpro("ledger", "verify"))[0] == 0

    async with tampering(database.admin_dsn, "transfer") as admin:
        await admin.execute("update ledger.transfer set reason = 'because' where key = 'p-1'")
        code, said = await askpro("ledger", "verify")
        assert (code, "expected" in said) == (1, True)
    file.write_text(file.read_text().replace(str(books.tenant), "00000000-0000-7000-8000-00000000000a"))
    code, said = await askpro("ledger", "verify", "--roots", str(file))
    assert (code, "there is no such tenant" in said) == (1, True)
    file.write_text("nonsense")
    assert (await askpro("ledger", "verify", "--roots", str(file)))[0] == 2


async def test_the_operator_sees_what_failed(database: Any, askpro: Askpro) -> None:
    """``--once`` empties the queue; a failed job is listed, and queued again once."""
    async with db.shared_unit():
        job = await defer("no.such.task", x=1)
    assert (await askpro("worker", "--once"))[0] == 0
    code, said = await askpro("worker", "jobs", "--status", "failed")
    assert (code, f"{job}  failed" in said, "no.such.task" in said) == (0, True, True)
    assert (await askpro("worker", "retry", str(job)))[0] == 0
    assert (await askpro("worker", "retry", str(job)))[0] == 2
    assert "0 dead letters" in (await askpro("worker", "dead"))[1]


@pytest.mark.parametrize("required", ["", "askpro_nothing"])
async def test_a_serving_worker(database: Any, required: str) -> None:
    """It runs jobs until SIGTERM; with a required plugin that is not up it runs none, and still ends when told."""
    async with db.shared_unit():
        await defer("jobs.reap")
    admin = await asyncpg.connect(database.admin_dsn)
    started = "select count(*) from pg_stat_activity where application_name = $1 and datname = current_database()"
    name = "askpro" if required else "askpro jobs"
    ours = await admin.fetchval(started, name)  # the test itself is connected, too
    process = subprocess.Popen(_command("worker"), env=_environment(database, ASKPRO_REQUIRED_PLUGINS=required))
    try:
        async with asyncio.timeout(30):
            while await admin.fetchval(started, name) <= ours or (not required and await _waiting()):
                await asyncio.sleep(0.05)
        if required:
            await asyncio.sleep(0.5)
            assert await _waiting()
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
        await admin.close()


async def _waiting() -> bool:
    async with db.shared_unit():
        return bool(await queries.jobs(status="todo", task="jobs.reap"))
