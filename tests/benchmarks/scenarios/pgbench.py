"""``pgbench -N``: what the server does with the smallest honest transactions, eight clients at a time."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from .. import processes
from ..bench import Bench
from ..house import House, Store

__all__ = ("PgBench", "run_pgbench")

CLIENTS = 8
SCALE = 10
"""As many branches as clients or more, and everything fits into the server's memory, as a day's wallets do."""


def run_pgbench(house: House, database: str, *arguments: str) -> float:
    """Transactions a second; 0 when asked to initialise. Raises ValueError with what it said when it failed."""
    command = [str(house.server.bin / "pgbench"), "-h", "127.0.0.1", "-p", str(house.server.port), "-U", "postgres"]
    environment = os.environ | {"PGPASSWORD": house.server.password}
    done = subprocess.run([*command, *arguments, database], env=environment, capture_output=True, check=False)
    text = done.stdout.decode()
    if "-i" in arguments and done.returncode == 0:
        return 0.0
    found = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
    if done.returncode or found is None or "number of failed transactions: 0 " not in text:
        raise ValueError(text + done.stderr.decode())
    return float(found[1])


class PgBench:
    """The yardstick of throughput."""

    name = "pgbench"

    def __init__(self) -> None:
        self._store: Store | None = None

    async def prepare(self, bench: Bench) -> None:
        store = self._store = bench.house.store("pgbench")
        async with store.admin("postgres") as admin:
            await admin.execute("create database pgbench")
        run_pgbench(bench.house, store.name, "-i", "-q", "-s", str(SCALE))

    async def round(self, bench: Bench, number: int) -> None:
        assert self._store is not None
        await self._store.settle()
        before = processes.cpu_seconds(bench.house.postmaster)
        seconds = bench.size.seconds
        tps = run_pgbench(bench.house, self._store.name, "-N", "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds))
        spent = processes.cpu_seconds(bench.house.postmaster) - before
        bench.sheet.note("pgbench -N", tps, "calls/s")
        bench.sheet.note("pgbench -N: PostgreSQL", spent / (tps * seconds) * 1e6, "µs/call")

    async def finish(self, bench: Bench) -> None:
        assert self._store is not None
        await self._store.drop()


def script(folder: Path, name: str, text: str) -> str:
    """A transaction of one's own for ``pgbench -f``."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)
