"""Goals, and how the run stands to them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .bench import Bench, Size
from .measured import Sheet

__all__ = ("GOALS", "Goal", "Line", "lines", "markdown", "table", "write_json")


@dataclass(frozen=True, slots=True)
class Goal:
    """One ratio (or one count) and what it has to reach. ``rounds`` computes it for each round."""

    number: int
    text: str
    sign: str
    goal: float
    rounds: Callable[[Sheet], list[float]]


@dataclass(frozen=True, slots=True)
class Line:
    """A goal and the result of a run; ``value`` is None when it was not measured."""

    goal: Goal
    value: float | None
    rounds: tuple[float, ...]

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        if self.value < 0 or min(self.rounds, default=0) < 0:
            return False  # a process ended in between, whose time is known in ticks only: nothing was measured
        return self.value >= self.goal.goal if self.goal.sign == "≥" else self.value <= self.goal.goal


def _over(upper: str, lower: str) -> Callable[[Sheet], list[float]]:
    return lambda sheet: sheet.ratios(upper, lower)


def _plain(name: str) -> Callable[[Sheet], list[float]]:
    return lambda sheet: [one.value for one in sheet.rows[name]]


def _sum_over(upper: str, lower: str) -> Callable[[Sheet], list[float]]:
    """CPU of PostgreSQL and of the web process together."""

    def ratios(sheet: Sheet) -> list[float]:
        def total(name: str) -> list[float]:
            pairs = zip(sheet.rows[f"{name}: PostgreSQL"], sheet.rows[f"{name}: server"], strict=True)
            return [a.value + b.value for a, b in pairs]

        return [a / b for a, b in zip(total(upper), total(lower), strict=True)]

    return ratios


def _grown(calls: str) -> Callable[[Sheet], list[float]]:
    def ratios(sheet: Sheet) -> list[float]:
        small = f"posting {calls} on 10³ rows: PostgreSQL"
        (large,) = (name for name in sheet.rows if name.startswith(f"posting {calls} on ") and name != small)
        return sheet.ratios(large, small)

    return ratios


GOALS = (
    Goal(1, "batches of 1,000 over HTTP ÷ pgbench -N", "≥", 8, _over("batch of 1,000", "pgbench -N")),
    Goal(1, "batches of 1,000 over HTTP ÷ naive ORM without HTTP", "≥", 50, _over("batch of 1,000", "naive ORM")),
    Goal(2, "single reports over HTTP, 50 connections ÷ pgbench -N", "≥", 0.6, _over("single reports", "pgbench -N")),
    Goal(3, "PostgreSQL µs: posting ÷ COPY", "≤", 3, _over("posting: PostgreSQL", "COPY: PostgreSQL")),
    Goal(4, "rating, µs a call (price, cost, commission)", "≤", 3, _plain("rating")),
    Goal(4, "rating ÷ PostgreSQL µs of posting", "≤", 0.2, _over("rating", "posting: PostgreSQL")),
    Goal(5, "100 calls of one wallet ÷ of 100", "≥", 1, _over("100 calls of one wallet", "100 calls of 100 wallets")),
    Goal(5, "singles: revenue folded ÷ one row", "≥", 3, _over("singles, revenue folded", "singles, one revenue row")),
    Goal(6, "PostgreSQL µs of 1,000: many rows ÷ 10³", "≤", 1.25, _grown("1,000")),
    Goal(6, "PostgreSQL µs of 100: many rows ÷ 10³", "≤", 1.25, _grown("100")),
    Goal(7, "storm: doubles + broken chains + deadlocks", "≤", 0, _plain("storm: doubles, broken chains, deadlocks")),
    Goal(7, "CPU: a batch again ÷ first time", "≤", 1, _sum_over("batch of 1,000 again", "batch of 1,000")),
    Goal(8, "holds: authorize p99 ÷ one select", "≤", 3, _over("holds: authorize: p99", "holds: select 1: p99")),
    Goal(8, "holds ÷ pgbench -N", "≥", 0.5, _over("holds: authorize", "pgbench -N")),
    Goal(9, "round trips of a batch of 1,000", "≤", 2, _plain("round trips of a report of 1,000")),
    Goal(9, "round trips of a batch of 10", "≤", 2, _plain("round trips of a report of 10")),
    Goal(9, "round trips of a single report", "≤", 2, _plain("round trips of a report of 1")),
    Goal(9, "round trips of the overview, few calls", "≤", 3, _plain("round trips of the overview, few calls")),
    Goal(9, "round trips of the overview, many calls", "≤", 3, _plain("round trips of the overview, many calls")),
    Goal(12, "memory of a worker after load, MB", "≤", 80, _plain("worker")),
)  # fmt: skip


def lines(sheet: Sheet) -> list[Line]:
    """All goals; what was not run has no value."""
    found = []
    for goal in GOALS:
        try:
            rounds = tuple(goal.rounds(sheet))
        except (KeyError, ValueError):
            rounds = ()
        found.append(Line(goal, median(rounds) if rounds else None, rounds))
    return found


def _cells(line: Line) -> tuple[str, str, str, str, str, str]:
    goal = line.goal
    verdict = {True: "met", False: "missed", None: "not measured"}[line.met]
    value = "–" if line.value is None else f"{line.value:.3g}"
    spread = "–" if len(line.rounds) < 2 else f"{min(line.rounds):.3g} … {max(line.rounds):.3g}"
    return str(goal.number), goal.text, f"{goal.sign} {goal.goal:g}", value, spread, verdict


_HEAD = ("#", "ratio", "goal", "median", "rounds", "")


def table(found: list[Line]) -> str:
    """For a terminal."""
    rows = [_HEAD, *map(_cells, found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def _absolute(sheet: Sheet) -> list[tuple[str, str, str]]:
    return [(name, f"{one.value:,.1f}", one.unit) for name in sheet.rows if (one := sheet.median(name)).unit]


def absolute_table(sheet: Sheet) -> str:
    """Medians with their units: good inside this run only."""
    rows = _absolute(sheet)
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    return "\n".join(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit}" for name, value, unit in rows)


def markdown(bench: Bench, facts: dict[str, Any]) -> str:
    """docs/performance.md."""
    size: Size = bench.size
    ratios = ["| # | ratio | goal | median | rounds | |", "|---|---|---|---|---|---|"]
    ratios += ["| " + " | ".join(_cells(line)) + " |" for line in lines(bench.sheet)]
    numbers = ["| | median | |", "|---|---:|---|", *(f"| {a} | {b} | {c} |" for a, b, c in _absolute(bench.sheet))]
    return "\n".join(
        [
            "# Performance",
            "",
            "Written by `just bench --full --write-docs`; the method stands in `tests/benchmarks`. Every ratio",
            "compares two measurements of the same run, taken in turn, and is the median of its rounds. Money was",
            "checked after each: Σ price = Σ transfers = Σ wallet movement, and every running balance replays.",
            "",
            f"PostgreSQL {facts['postgres']}, Python {facts['python']}, {facts['cpus']} cores shared by server,",
            f"database and load generator. Commits are durable. {len(bench.house.resellers)} resellers of 100 wallets",
            f"and 600 prefixes each. For #6: {size.rows:,} calls in twelve monthly partitions.",
            "",
            *ratios,
            "",
            "## The numbers behind them",
            "",
            "Good only beside each other: machines are shared, and the next run will differ. CPU is user and system",
            "time of all processes of the database server, of the web processes, and of the client.",
            "",
            *numbers,
            "",
        ]
    )


def write_json(path: Path, bench: Bench, facts: dict[str, Any]) -> None:
    """Everything, for machines. Absolute numbers carry their run and are refused beside another's (``compare``)."""
    sheet = bench.sheet
    document = {
        "run": sheet.run,
        **facts,
        "size": {name: getattr(bench.size, name) for name in Size.__slots__},
        "ratios": [
            {"number": one.goal.number, "ratio": one.goal.text, "goal": f"{one.goal.sign} {one.goal.goal:g}",
             "value": one.value, "rounds": one.rounds, "met": one.met}
            for one in lines(sheet)
        ],
        "measured": {
            name: {"unit": row[0].unit, "median": sheet.median(name).value, "rounds": [one.value for one in row]}
            for name, row in sheet.rows.items()
        },
        "facts": bench.facts,
    }  # fmt: skip
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Where it ran, as far as a reader needs it."""

    return {"python": platform.python_version(), "cpus": os.cpu_count(), "kernel": platform.release()}
