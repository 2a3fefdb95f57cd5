"""When the provider is asked again about a payment whose end nobody has told us: 5 minutes, 1 hour, then daily.

A dispute takes weeks: it is asked about daily, and an hour after our time to answer is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ("dispute_look_up", "next_look_up", "next_try", "unanswered_look_up")

_STEPS = (timedelta(minutes=5), timedelta(hours=1))
_DAILY = timedelta(days=1)
_DAYS = 90
_TRIES = 10
_ANSWERED = timedelta(hours=1)  # by then the provider has acted on an answer that did not come in time
_RETURNS = timedelta(days=30)
_GONE = timedelta(days=60)


def next_look_up(look_ups: int, now: datetime) -> datetime | None:
    """After so many look-ups the next one is due then; None after three months: somebody has to look."""
    if look_ups >= len(_STEPS) + _DAYS:
        return None
    return now + (_STEPS[look_ups] if look_ups < len(_STEPS) else _DAILY)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When an event that failed ``attempts`` times is tried again: after 1, 2, 4 … minutes. None: given up."""
    return now + timedelta(minutes=2 ** (attempts - 1)) if attempts < _TRIES else None


def dispute_look_up(
    state: str, now: datetime, *, answer_by: datetime | None, closed_at: datetime | None
) -> datetime | None:
    """When a dispute that stands so is asked about next: daily while it is argued about.

    A lost one once more, 30 days after it was lost, because banks think again; None: there is nothing more to learn.
    """
    if state in ("open", "withdrawn"):
        return _not_after(answer_by, now, _DAILY)
    if state == "lost" and closed_at is not None and now < closed_at + _RETURNS:
        return closed_at + _RETURNS
    return None


def unanswered_look_up(
    state: str, unanswered: int, now: datetime, *, answer_by: datetime | None, closed_at: datetime | None
) -> datetime | None:
    """When a dispute is asked about again after so many look-ups in a row had no answer: 5 minutes, 1 hour, daily.

    Never given up while it is argued about; a lost one is (None) 60 days after it was lost.
    """
    if state == "won" or (closed_at is not None and now >= closed_at + _GONE):
        return None
    return _not_after(answer_by, now, _STEPS[unanswered - 1] if unanswered <= len(_STEPS) else _DAILY)


def _not_after(answer_by: datetime | None, now: datetime, pause: timedelta) -> datetime:
    """After a pause, or when the time to answer is over if that comes first."""
    last_word = answer_by + _ANSWERED if answer_by is not None else now
    return min(now + pause, last_word) if last_word > now else now + pause
