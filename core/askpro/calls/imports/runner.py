"""Reads a file in batches and books each one, its rejects and the new position in a single unit.

Killed at any moment, the next run goes on at the first row that is not committed; a row is never booked
twice, because the ledger knows it, and never forgotten, because the position moves with the bookings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

from askpro import db
from askpro.actor import Actor
from askpro.calls.book import Item, book
from askpro.calls.content import substance
from askpro.calls.events import Reason, UsageEvent
from askpro.calls.imports import runs
from askpro.calls.imports.layouts import Garbled, Layout
from askpro.calls.imports.reader import Row, SourceFile, digest, rows
from askpro.calls.imports.runs import Reject, Run
from askpro.errors import AskProError

__all__ = ("BATCH", "Summary", "run_import")

BATCH = 2_000
Progress = Callable[[int, int, Counter[str]], None]


class _RolledBack(Exception):  # noqa: N818 - it is no error: a dry run ends each batch with it
    pass


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did. ``counts``: rows, booked, answered, duplicate, conflict, refused and ``refused:<reason>``."""

    run: UUID | None
    counts: Counter[str]
    rejects: list[Reject]
    resumed: bool


@dataclass(slots=True)
class _Memory:
    """A dry run keeps nothing, so it remembers by itself what earlier batches would have left behind."""

    booked: dict[UUID, tuple[object, ...]] = field(default_factory=dict)
    refused: dict[UUID, UsageEvent] = field(default_factory=dict)

    def outcome(self, item: Item) -> str:
        """What the ledger would have answered, had it kept those batches."""
        if item.id is None or item.result is None:
            raise AskProError("a report was not answered")
        status, about = item.result.status, substance(item.event)
        before = self.booked.get(item.id)
        if before is not None:
            return "duplicate" if before == about else "conflict"
        if status == "booked":
            self.booked[item.id] = about
        elif item.result.reason and status != "conflict":
            if item.id in self.refused:
                status = "duplicate" if self.refused[item.id] == item.event else "refused"
            self.refused[item.id] = item.event
        return status


async def run_import(
    path: Path, layout: Layout, *, source: str, by: Actor, dry_run: bool = False, progress: Progress | None = None,
    batch: int = BATCH,
) -> Summary:  # fmt: skip
    """Import ``path``. With ``dry_run`` everything is checked and priced and nothing is kept.

    Raises InvalidInput when the file cannot be read on; what was committed until then stays, and the same
    command goes on there.
    """
    tenants = await _tenants(str(by))
    run = Run(UUID(int=0), 1) if dry_run else await _begin(path, layout, source, str(by))
    memory = _Memory() if dry_run else None
    dry_rejects: list[Reject] = []
    file = SourceFile(path)
    try:
        records = _records(file, layout, run.next_line)
        while chunk := list(islice(records, batch)):
            counts, rejected = await _batch(run, chunk, layout, tenants, by, memory)
            run.counts, run.next_line = counts, chunk[-1].line + 1
            dry_rejects += rejected if dry_run else ()
            if progress is not None:
                progress(file.consumed, file.size, run.counts)
    finally:
        file.close()
    if dry_run:
        return Summary(None, run.counts, sorted(dry_rejects), resumed=False)
    async with db.platform_unit("import of call records", actor=str(by)):
        await runs.finish(run)
        return Summary(run.id, run.counts, await runs.rejects(run.id), run.resumed)


async def _tenants(actor: str) -> dict[str, tuple[UUID, str]]:
    async with db.platform_unit("import of call records: whose calls are they", actor=actor):
        found = await db.fetch("select slug, id, timezone from tenancy.tenant where kind = 'reseller'")
    return {row["slug"]: (row["id"], row["timezone"]) for row in found}


async def _begin(path: Path, layout: Layout, source: str, actor: str) -> Run:
    async with db.platform_unit("import of call records", actor=actor):
        return await runs.begin(path.name, digest(path), layout.name, source)


def _records(file: SourceFile, layout: Layout, from_line: int) -> Iterator[Row]:
    found = rows(file)
    if layout.has_header:
        next(found, None)
    return (row for row in found if row.line >= from_line)


async def _batch(
    run: Run, chunk: list[Row], layout: Layout, tenants: dict[str, tuple[UUID, str]], by: Actor, memory: _Memory | None
) -> tuple[Counter[str], list[Reject]]:
    async def work() -> tuple[Counter[str], list[Reject]]:
        items, rejected = _understand(chunk, layout, tenants, by)
        counts = run.counts.copy()
        try:
            async with db.platform_unit("import of call records", actor=str(by)):
                await book([item for _, _, item in items])
                _count(items, rejected, counts, len(chunk), memory)
                if memory is not None:
                    raise _RolledBack
                await runs.checkpoint(run, chunk[-1].line + 1, counts, rejected)
        except _RolledBack:
            pass
        return counts, rejected

    return await db.retrying(work)


def _understand(
    chunk: list[Row], layout: Layout, tenants: dict[str, tuple[UUID, str]], by: Actor
) -> tuple[list[tuple[int, str, Item]], list[Reject]]:
    items: list[tuple[int, str, Item]] = []
    rejected: list[Reject] = []
    actor = str(by)
    for row in chunk:
        parsed = layout.parse(row.fields)
        if isinstance(parsed, Garbled):
            detail = parsed.detail if row.since == row.line else f"{parsed.detail}, lines {row.since} to {row.line}"
            rejected.append(_reject(row.line, parsed.external_id, parsed.tenant, "refused", parsed.reason, detail))
        elif (tenant := tenants.get(parsed.tenant)) is None:
            rejected.append(_reject(row.line, parsed.event.id, parsed.tenant, "refused", Reason.UNKNOWN_TENANT, ""))
        else:
            items.append((row.line, parsed.tenant, Item(tenant[0], tenant[1], parsed.event, actor)))
    return items, rejected


def _count(
    items: list[tuple[int, str, Item]], rejected: list[Reject], counts: Counter[str], read: int, memory: _Memory | None
) -> None:
    counts["rows"] += read
    for line, slug, item in items:
        result = item.result
        if result is None:
            raise AskProError(f"line {line} was not answered")
        outcome = memory.outcome(item) if memory else result.status
        if outcome == "booked":
            counts["booked"] += 1
            answered = item.event.connected
            counts["answered" if answered else "unanswered"] += 1
        else:
            reason = result.reason if outcome == "refused" else outcome
            rejected.append(_reject(line, item.event.id, slug, outcome, reason, result.detail))
    for reject in rejected:
        counts[reject.outcome] += 1
        if reject.outcome == "refused":
            counts[f"refused:{reject.reason}"] += 1


def _reject(line: int, call: str, tenant: str, outcome: str, reason: str, detail: str) -> Reject:
    clean = [text.replace("\x00", "")[:200] for text in (call, tenant, detail)]
    return Reject(line, clean[0], clean[1], outcome, str(reason), clean[2])
