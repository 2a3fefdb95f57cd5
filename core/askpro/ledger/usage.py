"""Booking finished calls: one round trip for a whole train, tenants mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from askpro import db
from askpro.ids import new_id

__all__ = ("UsageGroup", "UsageOutcome", "UsageRow", "UsageStatus", "post_usage", "prices")

_POST = """
select status, balance, overrun from ledger.post_usage($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
  $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
"""


def _three_ids() -> tuple[UUID, UUID, UUID]:
    """One fresh id and two beside it: randomness from the system is dear. (The ledger's siblings differ elsewhere.)"""
    first = new_id()
    return first, UUID(int=first.int ^ 1 << 32), UUID(int=first.int ^ 2 << 32)


@dataclass(slots=True, eq=False)
class UsageGroup:
    """What calls of one wallet, civil day, price list and source have in common.

    ``seq`` is the wallet's counter at which the prices were computed; None when they do not depend on it.
    """

    tenant: UUID
    wallet: UUID
    seq: int | None
    day: date
    chain: UUID | None
    source: str
    actor: str
    transfers: tuple[UUID, UUID, UUID] = field(default_factory=_three_ids)


class UsageRow(NamedTuple):
    """One rated call, in the order of the SQL function's arrays.

    Money in 10⁻⁶, times in milliseconds and seconds; ``talk_ms`` None: not answered. ``group`` counts from 1.
    """

    group: int
    id: UUID
    external_id: str
    began_at: datetime
    ring_ms: int
    talk_ms: int | None
    direction: int
    caller: str | None
    callee: str | None
    tokens: int
    bookings: int
    billed: int
    used_before: int
    metered: bool
    price: int
    wholesale: int
    commission: int


class UsageStatus(StrEnum):
    """What the ledger answers for each call."""

    BOOKED = "booked"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    AGAIN = "again"
    """The same id stands earlier in this train: ask once more."""
    MOVED = "moved"
    """The wallet changed after its state was read: rate again."""
    UNKNOWN = "unknown"


class UsageOutcome(NamedTuple):
    """The answer for one call: the wallet's balance after it and what the wallet could not cover (D6)."""

    status: UsageStatus
    balance: int | None
    overrun: int | None


_NONE = UUID(int=0)
_STATUS = {status.value: status for status in UsageStatus}


async def post_usage(groups: Sequence[UsageGroup], rows: Sequence[UsageRow]) -> list[UsageOutcome]:
    """Book a train. Raises asyncpg.SerializationError when another train booked one of these ids meanwhile."""
    found = await db.call(
        _POST,
        [g.tenant for g in groups],
        [g.wallet for g in groups],
        [-1 if g.seq is None else g.seq for g in groups],
        [g.day for g in groups],
        [g.chain or _NONE for g in groups],
        [g.source for g in groups],
        [g.transfers[0] for g in groups],
        [g.transfers[1] for g in groups],
        [g.transfers[2] for g in groups],
        [g.actor for g in groups],
        *zip(*rows, strict=True),  # one array a column
    )
    return [UsageOutcome(_STATUS[row[0]], row[1], row[2]) for row in found]


async def prices(calls: Sequence[tuple[UUID, UUID]]) -> list[tuple[int, int] | None]:
    """Of calls (tenant, id): (price, billed seconds) as booked, in this order; None for one that is not booked."""
    rows = await db.call(
        "select ord, price, billed from ledger.usage_prices($1, $2)",
        [one[0] for one in calls],
        [one[1] for one in calls],
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    return [found.get(position) for position in range(1, len(calls) + 1)]
