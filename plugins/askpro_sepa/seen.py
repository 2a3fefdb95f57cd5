"""What the account has shown of our collections: each movement once, however many statements tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from askpro_sepa.store import Book

__all__ = ("Seen", "add", "tallies", "told_of")


@dataclass(frozen=True, slots=True)
class Seen:
    """One movement of one collection. A sum that stands for a batch is a movement of each collection in it."""

    key: str
    debit: UUID
    credit: bool
    """It came in; else it went back."""
    on: date | None
    code: str = ""
    """Why it went back; the bank's word, or empty."""


async def add(book: Book, movements: Sequence[Seen]) -> frozenset[tuple[str, UUID]]:
    """Keep them; key and collection of those that nobody had told of before."""
    rows = await book.unit.fetch(
        "insert into plug_sepa.booking (tenant_id, key, debit_id, credit, booked_on, created_at)"
        " select $1, one.key, one.debit_id, one.credit, one.booked_on, $6"
        " from unnest($2::text[], $3::uuid[], $4::bool[], $5::date[]) as one (key, debit_id, credit, booked_on)"
        " on conflict do nothing returning key, debit_id",
        book.tenant, [one.key for one in movements], [one.debit for one in movements],
        [one.credit for one in movements], [one.on for one in movements], book.now,
    )  # fmt: skip
    return frozenset((row["key"], row["debit_id"]) for row in rows)


async def tallies(book: Book, debits: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """Collection → how often money came in for it, and how often it went back, in all."""
    rows = await book.unit.fetch(
        "select debit_id, count(*) filter (where credit) as ins, count(*) filter (where not credit) as outs"
        " from plug_sepa.booking where tenant_id = $1 and debit_id = any($2) group by debit_id",
        book.tenant, sorted(set(debits)),
    )  # fmt: skip
    return {row["debit_id"]: (row["ins"], row["outs"]) for row in rows}


async def told_of(book: Book, key: str) -> int:
    """How many collections an earlier statement has told of by this movement."""
    count: int = await book.unit.fetchval(
        "select count(*) from plug_sepa.booking where tenant_id = $1 and key = $2", book.tenant, key
    )
    return count
