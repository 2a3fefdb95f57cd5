"""The monthly partitions a booking needs, made when they are first needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from askpro import db
from askpro.clock import month_start
from askpro.db.engine import DB
from askpro.db.unit import current

__all__ = ("ensure",)

_known: set[date] = set()
_pool: object = None


def _made() -> set[date]:
    """The months this process knows of, in the database that is open now."""
    global _pool
    if DB.pool is not _pool:
        _known.clear()
        _pool = DB.pool
    return _known


async def ensure(instants: Iterable[datetime] = ()) -> None:
    """Make the partitions for the months of ``instants`` (UTC) and for this and the coming month.

    Costs nothing once they are known to this process.
    """
    today = datetime.now(UTC).date()  # not clock.now(): ids carry real time, whatever a sandbox's clock says
    first = month_start(today)
    wanted = {date(at.year, at.month, 1) for at in instants} | {first}
    if today.day > 20:  # the coming month's partition is there before its first call
        wanted.add(date(first.year + first.month // 12, first.month % 12 + 1, 1))
    for month in sorted(wanted - _made()):
        await db.call("select ledger.ensure_month($1)", month)
        opened = current()
        if opened is None:
            _known.add(month)
        else:  # only once it is committed is it really there
            db.after_commit(lambda month=month: _known.add(month))  # type: ignore[misc]
