"""The days on which banks settle in euro (TARGET): not on Saturdays, Sundays and six holidays a year. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

__all__ = ("ZONE", "add_days", "closing_days", "collection_day", "easter", "first_day", "is_open")

ZONE = "Europe/Berlin"
"""Whose civil days count: those of the system's own clock."""

_DAY = timedelta(days=1)


def easter(year: int) -> date:
    """Easter Sunday, by the reckoning of 1582."""
    golden, century = year % 19 + 1, year // 100 + 1
    leaps, moon = 3 * century // 4 - 12, (8 * century + 5) // 25 - 5
    sunday = 5 * year // 4 - leaps - 10
    epact = (11 * golden + 20 + moon - leaps) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full = 44 - epact
    if full < 21:
        full += 30
    full += 7 - (sunday + full) % 7
    return date(year, 3, 1) + timedelta(days=full - 1)


@lru_cache(maxsize=64)
def closing_days(year: int) -> frozenset[date]:
    """New Year, Good Friday, Easter Monday, 1 May, 25 and 26 December; the same in all countries since 2002."""
    sunday = easter(year)
    fixed = (date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26))
    return frozenset((*fixed, sunday - 2 * _DAY, sunday + _DAY))


def is_open(day: date) -> bool:
    """Whether money moves on that day."""
    return day.weekday() < 5 and day not in closing_days(day.year)


def first_day(day: date) -> date:
    """That day if it is one, else the next on which money moves."""
    while not is_open(day):
        day += _DAY
    return day


def add_days(day: date, count: int) -> date:
    """``count`` TARGET days later; the day itself counts as none, open or not."""
    for _ in range(count):
        day = first_day(day + _DAY)
    return day


def collection_day(today: date, notice: int, lead: int) -> date:
    """The first day on which may be collected: ``notice`` calendar days and ``lead`` TARGET days from now (D11)."""
    return first_day(max(today + timedelta(days=notice), add_days(today, lead)))
