"""Money held for calls in progress: one round trip for many calls, tenants mixed, an answer for each.

Calls are admitted by ``calls.authorize``, which knows who is a customer, and settled by ``usage.post_usage``: whoever
reports a finished call frees what was held for it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from askpro import db
from askpro.ids import new_id
from askpro.ledger import months

__all__ = (
    "Due", "Extension", "HoldAnswer", "Reaping", "cancel", "due", "extend", "forget", "note_unbilled", "put_off",
    "reap", "set_limit", "tell_soft",
)  # fmt: skip

_EXTEND = """
select status, held, wholesale, cover, extends, available, reseller_available, rest, longest, soft, used
  from ledger.extend_calls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) order by ord
"""
_REAP = "select status, charged from ledger.reap_calls($1, $2, $3, $4, $5, $6, $7, $8, $9) order by ord"


class HoldAnswer(NamedTuple):
    """How a call stands (10⁻⁶, seconds): what is held, what it covers, and what could be held beside it.

    ``reseller_available`` None: the reseller does not pay in advance; ``rest`` None: no spending cap. ``soft``: soft
    caps that are passed. ``used``: the month's metered seconds, where they decide the price.
    """

    status: str
    held: int
    wholesale: int
    cover: int
    extends: int
    available: int | None
    reseller_available: int | None
    rest: int | None
    longest: int | None
    soft: Sequence[str]
    used: int | None


class Extension(NamedTuple):
    """A sign of life, and what is to be held in all from now on. ``seen``: the last extension that was known."""

    tenant: UUID
    id: UUID
    seen: int
    seq: int
    at: datetime
    answered_at: datetime | None
    tokens: int
    bookings: int
    held: int
    wholesale: int
    cover: int
    used: int


class Reaping(NamedTuple):
    """A silent call's price at its last sign of life, ``beat``."""

    tenant: UUID
    id: UUID
    beat: datetime
    price: int
    wholesale: int


class Due(NamedTuple):
    """A call to be seen to: ``open`` and silent since ``beat``, or ``reaped`` and without its record."""

    tenant: UUID
    id: UUID
    state: str
    beat: datetime
    held: int
    wholesale: int


async def extend(extensions: Sequence[Extension]) -> list[HoldAnswer]:
    """Hold on to calls. Status: held, unknown, closed, moved, funds, reseller_funds, frozen, or the cap reached."""
    return [HoldAnswer(*row) for row in await db.call(_EXTEND, *_columns(extensions))]


async def cancel(calls: Sequence[tuple[UUID, UUID]]) -> list[str]:
    """Free what is held for (tenant, call). Status: cancelled, answered, finished, reaped, unknown."""
    rows = await db.call("select status from ledger.cancel_calls($1, $2) order by ord", *_columns(calls))
    return [row[0] for row in rows]


async def reap(calls: Sequence[Reaping], *, actor: str, at: datetime) -> list[tuple[str, int]]:
    """Settle silent calls. (status, what was charged); status: reaped, cancelled, booked, alive."""
    await months.ensure()
    charges = [[new_id() for _ in calls] for _ in range(2)]
    return [tuple(row) for row in await db.call(_REAP, *_columns(calls), *charges, actor, at)]


async def due(at: datetime, silence: timedelta, grace: timedelta, *, limit: int) -> list[Due]:
    """Open calls silent for ``silence`` and reaped ones unconfirmed for ``grace``, those due for longest first."""
    rows = await db.call("select * from ledger.due_calls($1, $2, $3, $4)", at, silence, grace, limit)
    return [Due(*row) for row in rows]


async def put_off(tenant: UUID, call: UUID, at: datetime) -> None:
    """It could not be seen to at ``at``: it is due again after 1, 4, 16 … minutes, in the end once a day."""
    await db.call("select ledger.put_off_call($1, $2, $3)", tenant, call, at)


async def forget(before: datetime) -> int:
    """Remove holds of calls that were over by then; returns how many."""
    found: int = (await db.call_row("select ledger.forget_holds($1) as n", before))["n"]
    return found


async def set_limit(
    tenant: UUID, scope: str, subject: str, currency: str, caps: dict[str, int], *, today: date
) -> None:
    """Set the caps of a reseller (subject ""), customer (its wallet) or number; those left out are lifted."""
    await db.call("select ledger.set_limit($1, $2, $3, $4, $5, $6)", tenant, scope, subject, currency, caps, today)


async def note_unbilled(tenant: UUID, call: UUID, seconds: int) -> None:
    """Remember how much talk was cut off at the end of a call's money."""
    await db.call("select ledger.note_unbilled($1, $2, $3)", tenant, call, seconds)


async def tell_soft(tenant: UUID, scope: str, subject: str, period: str, begins: date) -> bool:
    """Whether the passing of a soft cap is news: true once a period."""
    row = await db.call_row(
        "select ledger.tell_soft($1, $2, $3, $4, $5) as news", tenant, scope, subject, period, begins
    )
    return bool(row["news"])


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """One array a column."""
    return list(zip(*rows, strict=True))
