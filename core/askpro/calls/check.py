"""What can be wrong with a report before anybody asks for its price. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from askpro.calls.events import Reason, UsageEvent

__all__ = ("problem",)

_E164 = re.compile(r"\+[1-9]\d{2,14}", re.ASCII).fullmatch
_CALLER = re.compile(r"[+0-9A-Za-z*#@._-]{0,64}", re.ASCII).fullmatch
_ID = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,127}").fullmatch
_CUSTOMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII).fullmatch
_SOURCE = re.compile(r"[a-z0-9][a-z0-9._:-]{0,39}", re.ASCII).fullmatch
_SKEW = timedelta(seconds=90)  # clocks of other people's machines
_LONGEST = timedelta(days=2)
_MOST = 2_000_000_000
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No books are kept for earlier months (``ledger.ensure_month``)."""


def problem(event: UsageEvent, now: datetime) -> tuple[Reason, str] | None:
    """The first thing that is wrong, with a word on it; None when the report can be priced.

    An unanswered call must be whole, too: a feed that garbles those will garble others.
    """
    if not _ID(event.id):
        return Reason.MISSING_ID, ""
    if (event.source != "api" and not _SOURCE(event.source)) or len(event.disposition) > 40:
        return Reason.MALFORMED, "source"
    if not _CUSTOMER(event.customer):
        return Reason.UNKNOWN_CUSTOMER, ""
    started, answered, ended = event.started_at, event.answered_at, event.ended_at
    if started is None:
        return Reason.MISSING_START, ""
    if ended is None:
        return Reason.MISSING_END, ""
    if started.tzinfo is None or ended.tzinfo is None or (answered is not None and answered.tzinfo is None):
        return Reason.MALFORMED, "an instant needs an offset"
    if ended > now + _SKEW or started > now + _SKEW:
        return Reason.IN_FUTURE, ended.isoformat()
    if started < _OLDEST:
        return Reason.TOO_OLD, started.isoformat()
    if event.tokens < 0 or event.bookings < 0 or event.tokens > _MOST or event.bookings > _MOST:
        return Reason.NEGATIVE_QUANTITY, f"tokens {event.tokens}, bookings {event.bookings}"
    if event.direction not in ("inbound", "outbound"):
        return Reason.BAD_DIRECTION, event.direction[:40]
    if not _E164(event.to_number):
        return Reason.BAD_NUMBER, event.to_number[:40]
    if not _CALLER(event.from_number):
        return Reason.BAD_NUMBER, event.from_number[:40]
    if ended < started or (answered is not None and (ended < answered or answered < started)):
        return Reason.END_BEFORE_START, f"{started.isoformat()} … {ended.isoformat()}"
    if ended - started > _LONGEST:
        return Reason.TOO_LONG, str(ended - started)
    return None
