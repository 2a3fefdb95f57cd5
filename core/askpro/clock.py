"""The only source of *now*, and the only place where civil dates meet instants.

Instants are aware datetimes in UTC. Periods are civil days, half open ``[start, end)``, in the tenant's
zone; the zone is resolved at use so that a change of clocks never loses or doubles an hour (failure 17).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ("civil_day", "day_bounds", "frozen", "month_of", "month_start", "next_month", "now", "zone")

_offset: ContextVar[datetime | None] = ContextVar("askpro_clock", default=None)


def now() -> datetime:
    """The present instant in UTC (or the one a test or a sandbox tenant has set)."""
    return _offset.get() or datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Make ``now()`` answer ``at`` inside the block, in this task and those it starts."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    token = _offset.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _offset.reset(token)


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ZoneInfoNotFoundError."""
    return ZoneInfo(name)


def civil_day(instant: datetime, zone_name: str) -> date:
    """The calendar day that people in that zone call it."""
    return instant.astimezone(zone(zone_name)).date()


def day_bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The instants ``[start, end)`` of a civil day: 23, 24 or 25 hours apart."""
    tz = zone(zone_name)
    start = datetime.combine(day, time.min, tzinfo=tz)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=tz)
    return start.astimezone(UTC), end.astimezone(UTC)


def month_start(day: date) -> date:
    """The first day of that day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_of(instant: datetime, zone_name: str) -> date:
    """The first day of the civil month in which ``instant`` lies."""
    return month_start(civil_day(instant, zone_name))
