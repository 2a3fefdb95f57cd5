"""Imports of made-up weeks: every good call once and to the unit, every bad row named, however often it is killed."""

from __future__ import annotations

import asyncio
import csv
import gzip
import os
import random
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from askpro import db
from askpro.calls.imports.runner import Summary
from askpro.errors import InvalidInput
from support import straight
from support.importing import booked, bring, names, set_up
from support.reports import alarms
from support.weeks import CUSTOMERS, HEADER, TARIFFS, as_csv, week

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).parents[1]


@pytest.fixture
async def shops(database: Any) -> Any:
    """Three resellers with prices and customers of the neutral table."""
    await set_up(TARIFFS, CUSTOMERS)
    return database


def expected(rows: list[list[str]], first: int = 2) -> straight.Books:
    """What the straight importer makes of these rows; ``first`` is the line of the first."""
    return straight.take(enumerate(rows, first), TARIFFS, names(CUSTOMERS), datetime.now(UTC))


def named(summary: Summary) -> list[tuple[int, str, str]]:
    return [(one.line, one.outcome, one.reason) for one in summary.rejects]


def foretold(books: straight.Books) -> list[tuple[int, str, str]]:
    return [(one.line, one.outcome, one.reason) for one in books.rejects]


def counts(books: straight.Books) -> Counter[str]:
    found = Counter[str](rows=books.rows, booked=len(books.booked))
    for total in books.sums.values():
        found["answered"] += total["answered"]
        found["unanswered"] += total["unanswered"]
    for one in books.rejects:
        found[one.outcome] += 1
        if one.outcome == "refused":
            found[f"refused:{one.reason}"] += 1
    return found


async def agrees(books: straight.Books) -> None:
    """The books of the product are those of the straight importer, and prove."""
    totals, customers = await booked()
    assert totals == books.sums
    assert +customers == +books.customers
    async with db.platform_unit("a test asks who is there"):
        tenants = await db.fetch("select id from tenancy.tenant")
    for row in tenants:
        assert await alarms(row["id"]) == []


def write(path: Path, text: str, mark: bytes = b"") -> Path:
    content = mark + text.encode()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_week_is_booked_as_a_second_rater_says(shops: Any, tmp_path: Path, seed: int) -> None:
    """Prices, seconds, cost, commission, counts, each customer, and every row that is not booked: line and reason."""
    rows = week(seed, 2_500)
    books = expected(rows)
    path = write(tmp_path / "week.csv", as_csv(rows))

    foreseen = await bring(path, dry_run=True, batch=333)
    assert (await booked())[0] == {}
    summary = await bring(path, batch=700)

    assert named(summary) == foretold(books)
    assert summary.counts == counts(books)
    assert (foreseen.counts, named(foreseen)) == (summary.counts, named(summary))
    await agrees(books)
    assert {reason for _, outcome, reason in named(summary) if outcome == "refused"} == {
        "bad_direction", "bad_number", "destination_blocked", "end_before_start", "in_future", "malformed",
        "missing_end", "missing_id", "missing_start", "negative_quantity", "rate_missing", "too_long", "too_old",
        "unknown_customer", "unknown_tenant",
    }  # fmt: skip

    again = await bring(path, batch=1_000)
    assert again.counts["booked"] == 0
    assert again.counts["duplicate"] + again.counts["conflict"] + again.counts["refused"] == len(rows)
    await agrees(books)


async def test_the_size_of_a_batch_changes_nothing(shops: Any, tmp_path: Path) -> None:
    """Row by row, in sevens or all at once: the same rows are booked and the same are named."""
    rows = [row for row in week(3, 90) if row[0][:2] in ("w-", "ba")]
    for size in (1, 7, 5_000):
        split = [[cell.replace("w-", f"v{size}-").replace("bad-", f"bad{size}-") for cell in row] for row in rows]
        split = [row for row in split if "\x00" not in row[0]]
        other = expected(split)
        path = write(tmp_path / f"split-{size}.csv", as_csv(split))
        assert named(await bring(path, batch=size, dry_run=True)) == foretold(other)
        assert named(await bring(path, batch=size)) == foretold(other)


@pytest.mark.parametrize("form", ["gz", "crlf", "bom", "quoted", "columns", "newlines", "blank"])
async def test_a_file_may_look_differently(shops: Any, tmp_path: Path, form: str) -> None:
    """Compressed, Windows line ends, a byte order mark, quotes, other columns first, quoted newlines, empty lines."""
    rows = week(4, 250)
    text, mark, name = as_csv(rows), b"", "week.csv"
    if form == "gz":
        name = "week.csv.gz"
    elif form == "crlf":
        text = as_csv(rows, end="\r\n")
    elif form == "bom":
        mark = b"\xef\xbb\xbf"
    elif form == "quoted":
        text = as_csv(rows, quote=csv.QUOTE_ALL)
    elif form == "columns":
        rows = [row for row in rows if len(row) == len(HEADER)]
        text = as_csv([["note", *reversed(HEADER)], *(["", *reversed(row)] for row in rows)], header=False)
    elif form == "newlines":
        rows = [row for row in rows if len(row) == len(HEADER)]
        text = as_csv([[*HEADER, "note"], *([*row, "one\ntwo\r\nthree"] for row in rows)], header=False)
    elif form == "blank":
        text = text.replace("\n", "\n\n")
    books = expected(rows)
    told: list[tuple[int, int]] = []
    path = write(tmp_path / name, text, mark)
    summary = await bring(path, batch=100, progress=lambda done, size, _: told.append((done, size)))
    assert told == sorted(told)
    assert told[-1] == (path.stat().st_size,) * 2
    if form in ("newlines", "blank"):  # lines are those of the file, as an editor shows them
        assert [one[1:] for one in named(summary)] == [one[1:] for one in foretold(books)]
        step = 3 if form == "newlines" else 2
        last = 1 if form == "newlines" else 0
        assert [line for line, _, _ in named(summary)] == [
            (line - 1) * step + last + (0 if form == "newlines" else 1) for line, _, _ in foretold(books)
        ]
    else:
        assert named(summary) == foretold(books)
    await agrees(books)


async def test_a_broken_archive_stops_with_its_name_and_goes_on_when_whole(shops: Any, tmp_path: Path) -> None:
    """Cut off, or damaged in the middle: what was read stays, the error says where, the whole file completes it."""
    rows = week(5, 1_500)
    books = expected(rows)
    path = write(tmp_path / "week.csv.gz", as_csv(rows))
    whole = path.read_bytes()
    middle = len(whole) // 2
    for broken in (whole[:middle], whole[:middle] + b"\xff" * 64 + whole[middle + 64 :], whole[:-4] + b"0000"):
        path.write_bytes(broken)
        for _ in range(2):
            with pytest.raises(InvalidInput, match=r"week\.csv\.gz, line \d+"):
                await bring(path, batch=100)
        with pytest.raises(InvalidInput):
            await bring(path, batch=100, dry_run=True)
    path.write_bytes(whole)
    summary = await bring(path, batch=100)
    assert summary.counts["rows"] == len(rows)
    await agrees(books)


async def test_a_quote_that_is_never_closed_is_not_passed_over(shops: Any, tmp_path: Path) -> None:
    """It would swallow the rest of the file as one field: the import stops and names the line it began on."""
    rows = week(6, 60)
    lines = as_csv(rows).splitlines()
    lines[20] = '"' + lines[20]
    path = write(tmp_path / "week.csv", "\n".join(lines) + "\n")
    with pytest.raises(InvalidInput, match="line 21: a quote is never closed"):
        await bring(path, batch=10)


async def test_a_row_that_swallowed_others_says_which(shops: Any, tmp_path: Path) -> None:
    """A stray quote that finds a partner later makes one bad record of many lines: the report names them all."""
    rows = [row for row in week(7, 40) if len(row) == len(HEADER)]
    lines = as_csv(rows).splitlines()
    lines[10] = lines[10].replace(",", ',"', 1)
    lines[14] = lines[14].replace(",", '",', 1)
    summary = await bring(write(tmp_path / "week.csv", "\n".join(lines) + "\n"))
    [bad] = [one for one in summary.rejects if one.line == 15]
    assert (bad.outcome, bad.reason) == ("refused", "malformed")
    assert bad.detail.endswith("lines 11 to 15")


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"call_id,customer,started_at\n", b"\x1f\x8b", b"\x00\x01\x02", b"\xff\xfe\x00"]
)
async def test_what_is_no_file_of_calls_is_said_so(shops: Any, tmp_path: Path, content: bytes) -> None:
    """Empty, without the columns, half an archive, binary: refused by name before anything is booked."""
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        await bring(path)
    assert (await booked())[0] == {}


async def test_two_imports_of_one_file_do_not_spoil_each_other(shops: Any, tmp_path: Path) -> None:
    """Started twice at once: nothing is booked twice, and what is told adds up to the file."""
    rows = week(8, 800)
    books = expected(rows)
    path = write(tmp_path / "week.csv", as_csv(rows))
    answers = await asyncio.gather(*(bring(path, batch=90) for _ in range(2)), return_exceptions=True)
    whole = [one for one in answers if isinstance(one, Summary)]
    assert len(whole) >= 1
    await agrees(books)
    assert named(whole[0]) == foretold(books)


# Killed


async def _at(connection: Any) -> int:
    found = await connection.fetchval("select coalesce(max(next_line), 0) from calls.import_run")
    return int(found)


async def test_killed_again_and_again_it_ends_as_if_never_touched(shops: Any, tmp_path: Path) -> None:
    """kill -9 at random moments, between and inside batches: the next run goes on, and all is as in a clean import."""
    rows = week(9, 3_000)
    books = expected(rows)
    path = write(tmp_path / "week.csv.gz", as_csv(rows))
    drawn = random.Random()
    admin = await asyncpg.connect(shops.admin_dsn)
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    killed = 0
    try:
        for _ in range(12):
            before = await _at(admin)
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(TESTS / "support" / "importing.py"), shops.dsn, str(path), "25", env=environment,
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                assert process.stdout is not None
                await process.stdout.readline()
                while process.returncode is None and await _at(admin) <= before:
                    await asyncio.sleep(0.002)
                await asyncio.sleep(drawn.random() * 0.1)
            finally:
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                await process.wait()
            killed += process.returncode == -signal.SIGKILL
            if process.returncode == 0 or killed == 4:
                break
        assert killed >= 3, "the import was over before it could be killed three times"
        assert await admin.fetchval("select state from calls.import_run") == "running"
        assert 0 < await admin.fetchval("select count(*) from ledger.usage") < len(books.booked)
    finally:
        await admin.close()

    summary = await bring(path, batch=25)

    assert summary.resumed
    assert named(summary) == foretold(books)
    assert summary.counts == counts(books)
    await agrees(books)
