"""A day's bookings as a hash tree: the leaves are made where the rows lie, only branches leave the server.

The tree is that of RFC 6962: a leaf is ``sha256(00 ‖ row)``, a node ``sha256(01 ‖ left ‖ right)``, an odd one out
moves up unchanged. Leaves are ordered: transfers by id, then usage by id. A row is the text PostgreSQL gives a
JSON array of its columns, in the order of ``_TRANSFER`` and ``_USAGE``; instants count microseconds since 1970
(UTC). Telephone numbers are left out: they are erased when their time is over, and the tree must outlive them.

A day's root also binds whose day it is, how much was booked and all that came before:
``sha256(02 ‖ previous root ‖ tenant ‖ day ‖ number of leaves ‖ top of the tree)``.
"""

# ruff: noqa: S608 - the statements are put together from constants of this module

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from askpro import db

__all__ = ("GENESIS", "Tree", "day_root", "top", "trees")

GENESIS = bytes(32)
"""What the first root of a tenant is chained to."""


def _micros(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


_TRANSFER = (
    "'transfer'", "tenant_id", "id", "group_id", "debit_account", "credit_account", "amount", "currency", "kind", "key",
    "day", _micros("occurred_at"), _micros("booked_at"), "actor", "reason", "reverses", "calls",
    "debit_seq", "debit_balance", "credit_seq", "credit_balance",
)  # fmt: skip
_USAGE = (
    "'usage'", "tenant_id", "id", "wallet_id", _micros("began_at"), "day", "ring_ms", "talk_ms", "billed", "direction",
    "bookings", "tokens", "price", "wholesale", "commission", "overrun", "balance_after", "wallet_seq", "used_before",
    "metered", "chain_id", "source", "external_id", _micros("booked_at"),
)  # fmt: skip

_LEVELS = 8  # the server folds 2⁸ leaves into one branch


def _leaves(table: str, rank: int, columns: Sequence[str]) -> str:
    return f"""
      select (booked_at at time zone 'UTC')::date as day, {rank} as rank, id,
             sha256('\\x00'::bytea || convert_to(json_build_array({", ".join(columns)})::text, 'UTF8')) as hash
        from ledger.{table} where tenant_id = $1 and booked_at >= $2 and booked_at < $3"""


def _branches() -> str:
    """One row for each 2⁸ leaves of a day: (day, hash, leaves of the day).

    Positions stay those of the leaves all the way up, so the rows are sorted once and never again.
    """
    query = f"""
    select day, row_number() over booked - 1 as pos, hash, count(*) over (partition by day) as leaves
      from ({_leaves("transfer", 0, _TRANSFER)} union all {_leaves("usage", 1, _USAGE)}) leaf
    window booked as (partition by day order by rank, id)"""
    for level in range(1, _LEVELS + 1):
        query = f"""
    select day, pos, leaves, case when right_hand is null then hash
                                  else sha256('\\x01'::bytea || hash || right_hand) end as hash
      from (select day, pos, leaves, hash, lead(hash) over (partition by day order by pos) as right_hand
              from ({query}) below) pair
     where pos % {2**level} = 0"""
    return f"select day, hash, leaves from ({query}) branch order by day, pos"


_BRANCHES = _branches()


@dataclass(frozen=True, slots=True)
class Tree:
    """What was booked on a UTC day: how many rows, and the top of their tree."""

    day: date
    leaves: int
    top: bytes


def top(hashes: Sequence[bytes]) -> bytes:
    """The top of a tree over these leaves or branches. Raises ValueError for an empty one."""
    if not hashes:
        raise ValueError("a tree needs a leaf")
    level = list(hashes)
    while len(level) > 1:
        pairs = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(level) // 2 * 2 :]
    return level[0]


def day_root(previous: bytes, tenant: UUID, tree: Tree) -> bytes:
    """A day's root, chained to the one before (``GENESIS`` for the first)."""
    head = previous + tenant.bytes + tree.day.isoformat().encode() + tree.leaves.to_bytes(8)
    return sha256(b"\x02" + head + tree.top).digest()


async def trees(tenant: UUID, since: date, before: date) -> AsyncIterator[Tree]:
    """The trees of the UTC days ``[since, before)`` on which something was booked. Needs the tenant's unit."""
    start, end = (datetime.combine(day, time.min, UTC) for day in (since, before))
    step = timedelta(days=31)
    while start < end:  # a month at a time keeps the server's sorts small
        rows = await db.fetch(_BRANCHES, tenant, start, min(start + step, end))
        for day, branches in groupby(rows, key=lambda row: row["day"]):
            found = list(branches)
            yield Tree(day, found[0]["leaves"], top([row["hash"] for row in found]))
        start += step
