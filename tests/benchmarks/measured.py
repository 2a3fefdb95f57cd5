"""Numbers that know which run they come from.

Machines are shared, so a time, a rate or a cost means something only beside another one of the same run.
Dividing two numbers of one run gives a ratio, which may be compared with anybody's; dividing across runs is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

__all__ = ("Measured", "OtherRun", "Sheet")


class OtherRun(TypeError):  # noqa: N818 - it says what is wrong
    """Absolute numbers of two runs were put side by side."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number with its unit (``calls/s``, ``µs/call``, ``MB``)."""

    value: float
    unit: str
    run: str

    def __truediv__(self, other: Measured) -> float:
        """How many times ``other``. Raises OtherRun across runs, TypeError across units."""
        if self.run != other.run:
            raise OtherRun(f"{self.unit} of run {self.run} and of run {other.run} cannot be compared: only ratios can")
        if self.unit != other.unit:
            raise TypeError(f"{self.unit} ÷ {other.unit} is no ratio")
        return self.value / other.value


@dataclass
class Sheet:
    """All numbers of a run: name → one number a round."""

    run: str
    rows: dict[str, list[Measured]] = field(default_factory=dict)

    def note(self, name: str, value: float, unit: str) -> None:
        """Write down the next round's number."""
        self.rows.setdefault(name, []).append(Measured(value, unit, self.run))

    def median(self, name: str) -> Measured:
        """The middle of the rounds."""
        row = self.rows[name]
        return Measured(median(one.value for one in row), row[0].unit, self.run)

    def ratios(self, upper: str, lower: str) -> list[float]:
        """Upper ÷ lower, round by round: both ran within moments of each other."""
        return [a / b for a, b in zip(self.rows[upper], self.rows[lower], strict=True)]
