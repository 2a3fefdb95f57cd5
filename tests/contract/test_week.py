"""``askpro week``: a process of its own, against figures that somebody else computed."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from askpro.postgres import LocalPostgres
from support import straight
from support.importing import names
from support.weeks import CUSTOMERS, TARIFFS, as_csv, as_toml, week

RUN = "from askpro.cli import main; main()"
_LIMIT = 150


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", RUN, "week", *map(str, arguments)]


def run(*arguments: object) -> tuple[Any, str]:
    """What it prints as JSON, and what it says beside."""
    done = subprocess.run(command(*arguments), capture_output=True, timeout=_LIMIT, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout), done.stderr.decode()


async def killed(data: Path, line: int, *arguments: object) -> None:
    """Start it and kill -9 it when its import has passed that line."""
    with LocalPostgres(data / "postgres") as server:
        process = await asyncio.create_subprocess_exec(
            *command(*arguments, "--data", data), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(_LIMIT):
                while await _next_line(server) < line:
                    assert process.returncode is None, "it was over before it could be killed"
                    await asyncio.sleep(0.05)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _next_line(server: LocalPostgres) -> int:
    try:
        connection = await asyncpg.connect(server.dsn("askpro_week"))
    except asyncpg.InvalidCatalogNameError:
        return 0
    try:
        return int(await connection.fetchval("select coalesce(max(next_line), 0) from calls.import_run"))
    except asyncpg.UndefinedTableError:
        return 0
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def telephony(reference: Path) -> Path:
    return reference / "telephony"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the server's own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="askpro-kept-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def reported(report: Path, records: list[list[str]]) -> Counter[str]:
    """The reasons in an import's report; the id of each row is the one on that line of the file."""
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["line"] for row in rows}) == len(rows)
    for row in rows:
        there = records[int(row["line"]) - 1]
        assert row["call_id"].removeprefix("'") == there[0]
        assert row["reseller"].removeprefix("'") == there[1]
        assert row["reason"]
    return Counter(row["reason"] for row in rows)


@pytest.mark.slow
def test_the_reference_week_comes_out_exactly(telephony: Path, kept: Path) -> None:
    """Every count, every sum to 10⁻⁶, every customer; the report names each row; a second import books nothing."""
    file, tariffs, report = telephony / "calls-2026-03-23.csv.gz", telephony / "tariffs.toml", kept / "report.csv"
    expected = json.loads((telephony / "expected-2026-03-23.json").read_text(encoding="utf-8"))

    found, _ = run(file, tariffs, "--data", kept / "clean", "--report", report)

    assert found == expected
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        records = list(csv.reader(opened))
    assert reported(report, records) == expected["not_booked"]

    again, said = run(file, tariffs, "--data", kept / "clean", "--report", report)
    assert again == expected
    assert f"{len(records) - 1:,} rows: 0 booked" in said
    assert sum(reported(report, records).values()) == len(records) - 1


@pytest.mark.slow
@pytest.mark.anyio
async def test_the_reference_week_survives_being_killed(telephony: Path, kept: Path) -> None:
    """kill -9 in the middle of the import, and the same command once more: the same totals and the same report."""
    file, tariffs, report = telephony / "calls-2026-03-23.csv.gz", telephony / "tariffs.toml", kept / "resumed.csv"
    await killed(kept / "killed", 30_000, file, tariffs)
    found, _ = run(file, tariffs, "--data", kept / "killed", "--report", report)
    expected = json.loads((telephony / "expected-2026-03-23.json").read_text(encoding="utf-8"))
    assert found == expected
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        assert reported(report, list(csv.reader(opened))) == expected["not_booked"]


def shape(rows: list[list[str]], books: straight.Books) -> dict[str, Any]:
    """What ``askpro week`` prints, out of the straight importer's books."""
    refused = Counter(
        rows[one.line - 2][1] for one in books.rejects if one.reason in ("rate_missing", "destination_blocked")
    )
    resellers = {
        slug: {
            "calls": total["answered"] + total["unanswered"] + refused[slug],
            "rated": total["answered"],
            "unanswered": total["unanswered"],
            "billed_seconds": total["billed"],
            "retail_units": total["price"],
            "wholesale_units": total["wholesale"],
            "commission_units": total["commission"],
            "sold_below_wholesale": total["below"],
            "refused": refused[slug],
        }
        for slug, total in books.sums.items()
    }
    reasons = Counter(one.reason for one in books.rejects)
    return {"resellers": resellers, "not_booked": reasons, "customers_retail_units": books.customers}


def test_another_week_at_other_prices(tmp_path: Path) -> None:
    """Rows and prices made up here, other increments, currencies and schemes: as the straight rater says."""
    rows = week(11, 3_000)
    (tmp_path / "week.csv").write_text(as_csv(rows), encoding="utf-8")
    (tmp_path / "tariffs.toml").write_text(as_toml(TARIFFS), encoding="utf-8")
    counts = [word for slug, n in CUSTOMERS.items() for word in ("--customers", f"{slug}={n}")]

    found, _ = run(tmp_path / "week.csv", tmp_path / "tariffs.toml", *counts)

    books = straight.take(enumerate(rows, 2), TARIFFS, names(CUSTOMERS), datetime.now(UTC))
    assert found == shape(rows, books)
