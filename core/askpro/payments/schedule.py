"""When the provider is asked again about a payment whose end nobody has told us: 5 minutes, 1 hour, then daily."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ("next_look_up", "next_try")

_STEPS = (timedelta(minutes=5), timedelta(hours=1))
_DAILY = timedelta(days=1)
_DAYS = 90
_TRIES = 10


def next_look_up(look_ups: int, now: datetime) -> datetime | None:
    """After so many look-ups the next one is due then; None after three months: somebody has to look."""
    if look_ups >= len(_STEPS) + _DAYS:
        return None
    return now + (_STEPS[look_ups] if look_ups < len(_STEPS) else _DAILY)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When an event that failed ``attempts`` times is tried again: after 1, 2, 4 … minutes. None: given up."""
    return now + timedelta(minutes=2 ** (attempts - 1)) if attempts < _TRIES else None
