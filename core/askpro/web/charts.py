"""Charts as geometry: where bars, grid lines and labels stand. Drawing is the template's business.

Across, positions are percentages of the plot; downwards they are pixels. So a chart fills any width without
stretching its text, and needs neither script nor inline style. Positions are given as text, ready for an SVG
attribute, worked out in whole numbers: amounts of money never pass through floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from askpro.money import Money

__all__ = ("BOTTOM", "HEIGHT", "TOP", "Bar", "Bars", "Part", "Stack", "Tick", "bars", "nice_ceiling", "stack")

HEIGHT, TOP, BOTTOM = 200, 8, 26
"""Of the whole drawing, of the air above the highest grid line and of the room for labels, in pixels."""

_GAP = 28  # per cent of a bar's slot left empty
_LABELS, _FEW = 7, 4  # at most so many labels, and so many on a narrow screen
_SLIVER = 40  # hundredths of a per cent: the least that can be seen of a part


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line ``y`` pixels from the top, standing for ``amount``."""

    y: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with the slot it stands in. ``label`` is short for the axis, ``name`` long for the table.

    ``shown``: 0 no label on the axis, 1 always, 2 only where there is room.
    """

    label: str
    name: str
    amount: Money
    slot: str
    slot_width: str
    x: str
    width: str
    middle: str
    y: str
    height: str
    shown: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart from zero; ``ticks`` from the base line upwards."""

    height: int
    base: int
    ticks: tuple[Tick, ...]
    items: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole: ``series`` 1 to 5 chooses its colour, ``share`` is of one, rounded half up to 0.001."""

    label: str
    amount: Money
    series: int
    x: str
    width: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Stack:
    """Parts side by side that make up ``total``."""

    parts: tuple[Part, ...]
    total: Money


def nice_ceiling(units: int, steps: int = 4) -> tuple[int, int]:
    """A round step and the number of steps that reach ``units``: 1, 2, 2.5 or 5 times a power of ten."""
    if units <= 0:
        return 1_000_000, 1
    wanted = -(-units // steps)
    power = 10 ** max(0, len(str(wanted)) - 1)
    step = next(s for s in (power, 2 * power, 5 * power // 2, 5 * power, 10 * power) if s >= wanted)
    return step, -(-units // step)


def bars(points: Sequence[tuple[str, str, Money]], currency: str) -> Bars:
    """The chart of ``(short label, full name, amount)``, in order. Amounts below zero stand as zero."""
    step, count = nice_ceiling(max((amount.units for _, _, amount in points), default=0))
    most, room, base = step * count, HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    ticks = tuple(Tick(_pixels(base, n * step, most, room), Money(n * step, currency)) for n in range(count + 1))
    slot = 10_000 // max(1, len(points))  # hundredths of a per cent
    width = slot * (100 - _GAP) // 100
    often = max(1, -(-len(points) // _LABELS))
    rarely = often * max(1, -(-min(_LABELS, len(points)) // _FEW))
    items = []
    for n, (label, name, amount) in enumerate(points):
        left, height = n * 10_000 // len(points), max(0, amount.units) * room * 100 // most
        if amount.units > 0:
            height = max(height, 100)  # a little is not nothing
        back = len(points) - 1 - n  # labels count from the newest, which always has one
        items.append(
            Bar(
                label=label, name=name, amount=amount,
                slot=_hundredths(left), slot_width=_hundredths(slot),
                x=_hundredths(left + (slot - width) // 2), width=_hundredths(width),
                middle=_hundredths(left + slot // 2),
                y=_hundredths(base * 100 - height), height=_hundredths(height),
                shown=0 if back % often else 1 if back % rarely == 0 else 2,
            )
        )  # fmt: skip
    return Bars(HEIGHT, base, ticks, tuple(items))


def stack(parts: Sequence[tuple[str, Money]], currency: str) -> Stack:
    """One bar of parts, the largest first. The smallest are summed up in the caller if there are more than five.

    Raises ValueError for more than five parts or a part below zero.
    """
    if len(parts) > 5 or any(amount.units < 0 for _, amount in parts):
        raise ValueError("a stack has at most five parts, none below zero")
    total = sum(amount.units for _, amount in parts)
    found, left = [], 0
    for n, (label, amount) in enumerate(sorted(parts, key=lambda part: -part[1].units), start=1):
        whole = amount.units * 10_000 // total if total else 0
        share = Decimal((amount.units * 2000 + total) // (2 * total) if total else 0).scaleb(-3)
        found.append(Part(label, amount, n, _hundredths(left), _hundredths(max(whole - 40, _SLIVER)), share))
        left += max(whole, _SLIVER)
    return Stack(tuple(found), Money(total, currency))


def _pixels(base: int, units: int, most: int, room: int) -> str:
    return _hundredths(base * 100 - units * room * 100 // most)


def _hundredths(number: int) -> str:
    whole, rest = divmod(number, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".")
