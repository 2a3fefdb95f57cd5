"""What is remembered of an import: where it stands and what it could not book. All need a platform unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from askpro import db
from askpro.errors import Conflict, NotFound
from askpro.ids import new_id

__all__ = ("Reject", "Run", "begin", "checkpoint", "finish", "latest", "rejects")


class Reject(NamedTuple):
    """A row that was not booked. ``outcome`` is refused, duplicate or conflict."""

    line: int
    external_id: str
    tenant: str
    outcome: str
    reason: str
    detail: str = ""


@dataclass(slots=True)
class Run:
    """An import under way. ``next_line``: everything before it is committed."""

    id: UUID
    next_line: int
    counts: Counter[str] = field(default_factory=Counter)
    resumed: bool = False


async def begin(file_name: str, digest: bytes, layout: str, source: str) -> Run:
    """A new run, or the unfinished one of the same content."""
    row = await db.fetchrow(
        "select id, next_line, counts from calls.import_run where digest = $1 and source = $2 and state = 'running'",
        digest,
        source,
    )
    if row is not None:
        return Run(row["id"], row["next_line"], Counter(row["counts"]), resumed=True)
    run = Run(new_id(), 1)
    await db.execute(
        "insert into calls.import_run (id, file_name, digest, layout, source, next_line)"
        " values ($1, $2, $3, $4, $5, 1)",
        run.id,
        file_name,
        digest,
        layout,
        source,
    )
    return run


async def checkpoint(run: Run, next_line: int, counts: Counter[str], rejected: Sequence[Reject]) -> None:
    """Keep how far the run is, in the same unit as the bookings it speaks of.

    Raises Conflict when another process has gone on with this run meanwhile.
    """
    tag = await db.execute(
        "update calls.import_run set next_line = $3, counts = $4, touched_at = now() where id = $1 and next_line = $2",
        run.id,
        run.next_line,
        next_line,
        dict(counts),
    )
    if tag != "UPDATE 1":
        raise Conflict("another process is importing this file", code="import_running")
    await db.execute(
        "insert into calls.import_reject select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::text[])",
        run.id,
        *zip(*rejected, strict=True) if rejected else ([],) * 6,
    )


async def finish(run: Run) -> None:
    """Nothing is left to read."""
    await db.execute("update calls.import_run set state = 'done', finished_at = now() where id = $1", run.id)


async def latest() -> UUID:
    """The import that began last. Raises NotFound."""
    found: UUID | None = await db.fetchval("select id from calls.import_run order by started_at desc, id desc limit 1")
    if found is None:
        raise NotFound("nothing has been imported yet")
    return found


async def rejects(run: UUID) -> list[Reject]:
    """Every row that was not booked, in the order of the file."""
    rows = await db.fetch(
        "select line, external_id, tenant, outcome, reason, detail from calls.import_reject"
        " where run_id = $1 order by line",
        run,
    )
    return [Reject(*row) for row in rows]
