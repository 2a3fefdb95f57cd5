"""The database: one engine, one unit of work.

``async with db.unit(tenant):`` is a transaction bound to a tenant, or a savepoint inside the one that is open.
Everything a service writes happens in one; row-level security shows it that tenant and no other.
"""

from __future__ import annotations

from askpro.db.engine import DB, Engine, start, stop
from askpro.db.queries import call, call_row, execute, executemany, fetch, fetchrow, fetchval
from askpro.db.unit import Unit, after_commit, current, platform_unit, retrying, shared_unit, unit

__all__ = (
    "DB",
    "Engine",
    "Unit",
    "after_commit",
    "call",
    "call_row",
    "current",
    "execute",
    "executemany",
    "fetch",
    "fetchrow",
    "fetchval",
    "platform_unit",
    "retrying",
    "shared_unit",
    "start",
    "stop",
    "unit",
)
