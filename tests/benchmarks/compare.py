"""Two runs beside each other: their ratios, and never a time, a rate or a cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .measured import Measured

__all__ = ("absolute", "compare", "read")


def read(path: Path) -> dict[str, Any]:
    """A file that a run has written."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def compare(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, float | None, float | None]]:
    """The ratios of both, by name."""
    later = {one["ratio"]: one["value"] for one in second["ratios"]}
    return [(one["ratio"], one["value"], later.get(one["ratio"])) for one in first["ratios"]]


def absolute(document: dict[str, Any], name: str) -> Measured:
    """One measured median, which knows its run: dividing it by one of another run raises OtherRun."""
    found = document["measured"][name]
    return Measured(found["median"], found["unit"], document["run"])
