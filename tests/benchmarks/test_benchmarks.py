"""The benchmarks' own promises: ratios stay inside a run, and wrong money is noticed."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from house import COST, wholesale
from support.reports import call
from support.shops import FLAT, open_shop

from .compare import absolute, compare
from .invariants import checked, read_books
from .measured import Measured, OtherRun, Sheet
from .report import Goal, Line


def test_a_ratio_is_of_one_run_and_one_unit() -> None:
    """Numbers of two runs, or of two units, cannot be divided."""
    one = Measured(6, "calls/s", "a")
    assert one / Measured(2, "calls/s", "a") == 3
    with pytest.raises(OtherRun):
        one / Measured(2, "calls/s", "b")
    with pytest.raises(TypeError):
        one / Measured(2, "µs/call", "a")


def test_two_files_are_compared_by_their_ratios_only() -> None:
    """A stored absolute number remembers its run; ratios stand side by side."""
    first, second = (
        {"run": run, "ratios": [{"ratio": "r", "value": value}], "measured": {"m": {"unit": "ms", "median": value}}}
        for run, value in (("a", 1.5), ("b", 2.5))
    )
    assert compare(first, second) == [("r", 1.5, 2.5)]
    assert absolute(first, "m") / absolute(first, "m") == 1
    with pytest.raises(OtherRun):
        absolute(first, "m") / absolute(second, "m")


def test_rounds_are_paired() -> None:
    """Each round's ratio is of measurements that were taken one after the other."""
    sheet = Sheet("a")
    for upper, lower in ((2, 1), (9, 3), (8, 2)):
        sheet.note("upper", upper, "ms")
        sheet.note("lower", lower, "ms")
    assert sheet.ratios("upper", "lower") == [2, 3, 4]
    assert sheet.median("upper").value == 8


@pytest.mark.parametrize(
    ("value", "rounds", "met"),
    [(2.5, (2.0, 3.0), True), (3.5, (3.0, 4.0), False), (0, (0,), True), (-52, (-111, 5), False), (2, (-1, 5), False)],
)
def test_nonsense_meets_no_goal(value: float, rounds: tuple[float, ...], met: bool) -> None:
    """A cost below nothing is no measurement, however far below the goal it lies."""
    goal = Goal(3, "posting ÷ COPY", "≤", 3, lambda _: list(rounds))
    assert Line(goal, value, rounds).met is met


@pytest.mark.anyio
@pytest.mark.parametrize(
    "damage",
    [
        "update ledger.usage set price = price + 1",
        "update ledger.usage set balance_after = balance_after - 1 where external_id = 'b'",
        "update ledger.wallet set posted = posted + 1",
        "delete from ledger.transfer where kind = 'commission'",
        "update ledger.usage set external_id = 'a'",
    ],
)
async def test_wrong_money_is_noticed(database: Any, damage: str) -> None:
    """One unit too many anywhere, a broken chain or a double: the check after a run fails."""
    await wholesale(content={**COST, "outbound": {"+": "0.06"}})
    shop = await open_shop(FLAT)
    await shop.report(call("a"), call("b"), call("c"))
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        checked(await read_books(admin))
        await admin.execute("set session_replication_role = replica")
        await admin.execute(damage)
        with pytest.raises(AssertionError):
            checked(await read_books(admin))
    finally:
        await admin.close()
