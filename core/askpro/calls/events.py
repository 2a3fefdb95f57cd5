"""A report of one finished call, and the answer to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

__all__ = ("Reason", "UsageEvent", "UsageResult")


class UsageEvent(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a telephony system says about a call that has ended. Instants carry an offset.

    ``answered_at`` decides whether the call is billable at all (failure 15); ``disposition`` other than
    ``ANSWERED`` makes it unanswered whatever else is said. ``id`` is the source's own, unique within ``source``.
    """

    id: str
    customer: str
    direction: str
    to_number: str
    started_at: datetime | None
    ended_at: datetime | None
    from_number: str = ""
    answered_at: datetime | None = None
    disposition: str = "ANSWERED"
    tokens: int = 0
    bookings: int = 0
    source: str = "api"

    @property
    def connected(self) -> bool:
        """Whether somebody talked: answered at some time, and said to be so in whatever letters."""
        return self.answered_at is not None and self.disposition.upper() == "ANSWERED"


class Reason(StrEnum):
    """Why a report could not be booked; part of the API, never renamed."""

    MALFORMED = "malformed"
    MISSING_ID = "missing_id"
    MISSING_START = "missing_start"
    MISSING_END = "missing_end"
    END_BEFORE_START = "end_before_start"
    TOO_LONG = "too_long"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    NEGATIVE_QUANTITY = "negative_quantity"
    BAD_DIRECTION = "bad_direction"
    BAD_NUMBER = "bad_number"
    UNKNOWN_TENANT = "unknown_tenant"
    UNKNOWN_CUSTOMER = "unknown_customer"
    RATE_MISSING = "rate_missing"
    DESTINATION_BLOCKED = "destination_blocked"
    TOO_EXPENSIVE = "too_expensive"
    CONFLICT = "conflict"


class UsageResult(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The answer for one report. Money in 10⁻⁶ of ``currency``.

    ``duplicate`` repeats what the first report was answered; ``conflict`` means that another call is booked
    under this id. ``overrun`` is what the wallet could not cover; the call is booked all the same (D6).
    """

    id: str
    status: Literal["booked", "duplicate", "conflict", "refused"]
    reason: str = ""
    detail: str = ""
    currency: str = ""
    price: int | None = None
    balance: int | None = None
    overrun: int = 0
    billed_seconds: int | None = None

    @property
    def unpriced(self) -> bool:
        """Whether this repeats the answer to a booked call and its price is still to be looked up."""
        return self.status == "duplicate" and self.balance is not None and self.price is None
