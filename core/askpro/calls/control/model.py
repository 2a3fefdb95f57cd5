"""What telephony asks while a call lasts, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

__all__ = ("MOST_ITEMS", "Beat", "CallEnd", "CallStart", "Cancelled", "Decision", "Settled")

MOST_ITEMS = 2_000_000_000
"""Tokens or bookings of one call."""


class CallStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that is about to begin. ``id`` is the source's own and stands in its later record too."""

    id: str
    customer: str
    direction: str
    to_number: str
    started_at: datetime
    from_number: str = ""
    source: str = "api"

    @property
    def line(self) -> str:
        """The customer's own number in it."""
        return self.to_number if self.direction == "inbound" else self.from_number


class Beat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``seq``-th sign of life (1, 2, 3 …), with what is known by now; tokens and bookings are totals."""

    seq: Annotated[int, Meta(ge=1, le=1_000_000)]
    answered_at: datetime | None = None
    tokens: Annotated[int, Meta(ge=0, le=MOST_ITEMS)] = 0
    bookings: Annotated[int, Meta(ge=0, le=MOST_ITEMS)] = 0


class CallEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the call ended; the same facts as in its record."""

    ended_at: datetime
    answered_at: datetime | None = None
    disposition: str = "ANSWERED"
    tokens: int = 0
    bookings: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the call may go on. Money in 10⁻⁶ of ``currency``.

    ``seconds_left`` of talk are paid for if nobody else spends the money meanwhile; ``covered`` of them for certain.
    ``next_in``: seconds until the next sign of life is expected. ``wrap_up``: no more than what is covered will come.
    """

    call: UUID
    allowed: bool
    reason: str = ""
    seconds_left: int = 0
    covered: int = 0
    next_in: int = 0
    wrap_up: bool = False
    held: int = 0
    currency: str = ""
    seq: int = 0
    soft: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A call that is over and booked (10⁻⁶). ``overrun``: what the wallet could not pay.

    ``unbilled_seconds``: talk after the money and a quantum beyond it were used up, which nobody is charged for.
    """

    call: UUID
    status: Literal["booked", "duplicate"]
    currency: str
    price: int
    billed_seconds: int
    balance: int
    overrun: int
    unbilled_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A call that never came about."""

    call: UUID
