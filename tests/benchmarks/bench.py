"""What every scenario is given, and what a scenario is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import processes
from .house import House
from .measured import Sheet
from .serving import Served

__all__ = ("Bench", "Scenario", "Size")


@dataclass(frozen=True, slots=True)
class Size:
    """How much each round does."""

    batches: int = 150
    singles: int = 8_000
    hundreds: int = 250
    posted: int = 40
    seconds: int = 4
    rows: int = 1_000_000
    storm: int = 15_000
    orm: int = 600


@dataclass
class Bench:
    """One run."""

    house: House
    sheet: Sheet
    size: Size
    facts: dict[str, Any] = field(default_factory=dict)
    """What is no ratio: totals of the books, counts of statements, memory."""

    @contextmanager
    def watched(self, name: str, calls: int, served: Served | None = None) -> Iterator[None]:
        """Note PostgreSQL's and the web processes' CPU µs a call of what happens in the block."""
        before = processes.cpu_seconds(self.house.postmaster)
        before_served = served.cpu_seconds() if served else 0.0
        yield
        spent = processes.cpu_seconds(self.house.postmaster) - before
        self.sheet.note(f"{name}: PostgreSQL", spent / calls * 1e6, "µs/call")
        if served:
            self.sheet.note(f"{name}: server", (served.cpu_seconds() - before_served) / calls * 1e6, "µs/call")


class Scenario(Protocol):
    """Something to be measured, once a round, in turn with the others."""

    name: str

    async def prepare(self, bench: Bench) -> None: ...

    async def round(self, bench: Bench, number: int) -> None: ...

    async def finish(self, bench: Bench) -> None: ...
