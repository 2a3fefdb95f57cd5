"""Modules stay small enough to hold in the head."""

from __future__ import annotations

from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[2]
LONGEST = 400
MEDIAN = 100

ALLOWED: dict[str, str] = {}
"""Module → why it is longer than LONGEST. There is none so far; a reason is a sentence, not a number."""


def _modules() -> dict[str, int]:
    """Path → lines, of everything that has lines; migrations are data and empty packages no modules."""
    found = {}
    for root in ("core", "plugins"):
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if text.strip() and "migrations" not in path.parts[:-1]:
                found[path.relative_to(REPOSITORY).as_posix()] = text.count("\n")
    assert found, "no modules were found"
    return found


def test_no_module_is_too_long() -> None:
    """None has more than LONGEST lines, but for those with a reason; no reason outlives its module."""
    long = {name for name, lines in _modules().items() if lines > LONGEST}

    assert long == set(ALLOWED)
    assert all(reason.strip() for reason in ALLOWED.values())


def test_half_of_the_modules_fit_on_a_page() -> None:
    """The median is at most MEDIAN lines."""
    assert median(_modules().values()) <= MEDIAN
