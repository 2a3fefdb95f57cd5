"""Asterisk's own call records: each line is taken, or named with the reason."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from askpro import db
from askpro.calls.imports.layouts import Asterisk, Parsed
from askpro.errors import InvalidInput
from house import COST, RETAIL, customer, prices, reseller, wholesale
from support.importing import bring
from support.reports import alarms

pytestmark = pytest.mark.anyio

DAY = "2026-03-24 10:"
LINES = [
    # 18 columns, billsec is not end minus answer
    ["C-1", "030111", "0301234567", "ctx", '"x" <030111>', "SIP/a", "SIP/b", "Dial", "SIP/b", DAY + "00:00",
     DAY + "00:05", DAY + "01:15", "75", "67", "ANSWERED", "DOCUMENTATION", "u-1", ""],
    # 16 columns, answer time missing: what was measured counts back from the end
    ["C-1", "030111", "0301234567", "ctx", "", "SIP/a", "SIP/b", "Dial", "SIP/b", DAY + "00:00", "",
     DAY + "01:10", "70", "60", "ANSWERED", "DOCUMENTATION"],
    # inbound, from a trunk
    ["C-1", "004915112345", "0049891234567", "from-pstn", "", "SIP/a", "SIP/b", "Dial", "SIP/b", DAY + "00:00",
     DAY + "00:01", DAY + "00:31", "31", "30", "ANSWERED", "DOCUMENTATION", "u-3", ""],
    # busy
    ["C-1", "030111", "+49301234567", "ctx", "", "SIP/a", "", "Dial", "SIP/b", DAY + "00:00", "",
     DAY + "00:00", "0", "0", "BUSY", "DOCUMENTATION", "u-4", ""],
    # over the change of clocks: 03:00:05 follows 01:59:50 within 15 seconds
    ["C-1", "030111", "0301234567", "ctx", "", "SIP/a", "SIP/b", "Dial", "SIP/b", "2026-03-29 01:59:50",
     "2026-03-29 01:59:55", "2026-03-29 03:00:05", "15", "10", "ANSWERED", "DOCUMENTATION", "u-5", ""],
    # and back: the hour from two to three comes twice, the call began in the first and was answered in the second
    ["C-1", "030111", "0301234567", "ctx", "", "SIP/a", "SIP/b", "Dial", "SIP/b", "2025-10-26 02:59:50",
     "2025-10-26 02:00:02", "2025-10-26 02:00:32", "42", "30", "ANSWERED", "DOCUMENTATION", "u-6", ""],
]  # fmt: skip


def written(path: Path, lines: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(lines)
    return path


@pytest.fixture
async def tenant(database: Any) -> Any:
    await wholesale(content={**COST, "outbound": {"+": "0.01"}})
    made = await reseller()
    await prices(made.id, {**RETAIL, "increments": "1/1", "free_seconds": 0, "connect_fee": "0"})
    await customer(made.id, "C-1")
    return made


def records_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


async def taken(path: Path, **asterisk: str) -> Any:
    return await bring(path, tenant="one", asterisk={"country": "49", "timezone": "Europe/Berlin", **asterisk})


async def test_every_public_line_is_taken_or_named(tenant: Any, reference: Path) -> None:
    """Lines found in public code and documents: internal extensions have no price, and every one of them is said."""
    path = reference / "telephony" / "asterisk" / "Master.csv"
    records = records_of(path)
    summary = await taken(path, customer="C-1")
    assert summary.counts["rows"] == len(records) == 6
    assert summary.counts["booked"] + len(summary.rejects) == 6
    assert [(one.line, one.reason, one.detail) for one in summary.rejects] == [
        (line, "bad_number", fields[2]) for line, fields in enumerate(records, 1)
    ]
    assert summary.rejects[0].external_id == "1598518960.99"
    assert summary.rejects[5].external_id.startswith("row-")  # sixteen columns: no unique id
    without = await taken(path)
    assert {one.reason for one in without.rejects} <= {"unknown_customer", "bad_number", "duplicate"}


def test_every_public_line_is_understood(reference: Path) -> None:
    """Beside the numbers nothing is wrong with them: instants, seconds measured, and whether somebody answered."""
    layout = Asterisk("one", ZoneInfo("UTC"), customer="C-1")
    path = reference / "telephony" / "asterisk" / "Master.csv"
    found = [layout.parse(fields) for fields in records_of(path)]
    assert all(isinstance(one, Parsed) for one in found)
    talk = [
        (one.event.ended_at - one.event.answered_at).total_seconds() if one.event.answered_at else None  # type: ignore[operator, union-attr]
        for one in found
    ]
    assert talk == [None, 5, 654, 11, 82, 0]
    assert [one.event.direction for one in found] == ["outbound"] * 4 + ["inbound", "outbound"]  # type: ignore[union-attr]


async def test_real_calls_are_booked_by_what_the_switch_measured(tenant: Any, tmp_path: Path) -> None:
    """``billsec`` decides, national numbers get their country, the clocks may change; again is a duplicate."""
    path = written(tmp_path / "Master.csv", LINES)
    summary = await taken(path)
    assert summary.rejects == []
    async with db.unit(tenant.id):
        rows = await db.fetch("select external_id, talk_ms, callee, direction, began_at, price from ledger.usage")
    found = {row["external_id"][:4]: row for row in rows}
    assert {name: row["talk_ms"] for name, row in found.items()} == {
        "u-1": 67_000, "row-": 60_000, "u-3": 30_000, "u-4": None, "u-5": 10_000, "u-6": 30_000,
    }  # fmt: skip
    assert {row["callee"] for row in rows} == {"+49301234567", "+49891234567"}
    assert found["u-3"]["direction"] == 0
    assert found["u-5"]["began_at"] == datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)
    assert found["u-1"]["price"] == 167_500  # 67 s at 0.15 a minute
    again = await taken(path)
    assert (again.counts["booked"], again.counts["duplicate"]) == (0, 6)
    assert await alarms(tenant.id) == []


async def test_without_a_tenant_nothing_is_guessed(tenant: Any, tmp_path: Path) -> None:
    """The file does not say whose calls these are."""
    path = written(tmp_path / "Master.csv", LINES[:1])
    with pytest.raises(InvalidInput):
        await bring(path)
