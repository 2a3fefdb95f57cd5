"""The files that were written for the bank, and what it sent back. Every function works in an open book."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from askpro.errors import NotFound
from askpro_sepa.model import BankFile, file_of
from askpro_sepa.store import Book

__all__ = (
    "accounts",
    "add",
    "add_upload",
    "body",
    "by_message",
    "get",
    "latest",
    "outstanding",
    "outstanding_since",
    "undo",
    "upload",
    "uploads",
)

_FIELDS = tuple("units" if name == "amount" else name for name in BankFile.__dataclass_fields__)
_COLUMNS = ", ".join(_FIELDS)


async def add(book: Book, file: BankFile, data: bytes) -> None:
    """Keep a file, byte for byte."""
    marks = ", ".join(f"${number}" for number in range(3, len(_FIELDS) + 3))
    await book.unit.execute(
        f"insert into plug_sepa.file (tenant_id, body, {_COLUMNS}) values ($1, $2, {marks})",  # noqa: S608 - our own names
        book.tenant,
        data,
        *(file.amount.units if name == "units" else getattr(file, name) for name in _FIELDS),
    )


async def get(book: Book, identifier: UUID, *, lock: bool = False) -> BankFile:
    """Raises NotFound."""
    row = await book.unit.fetchrow(
        f"select {_COLUMNS} from plug_sepa.file where tenant_id = $1 and id = $2{' for update' if lock else ''}",  # noqa: S608
        book.tenant,
        identifier,
    )
    if row is None:
        raise NotFound("there is no such file")
    return file_of(row)


async def by_message(book: Book, message: str) -> BankFile | None:
    """By the number the bank repeats."""
    row = await book.unit.fetchrow(
        f"select {_COLUMNS} from plug_sepa.file where tenant_id = $1 and message_id = $2",  # noqa: S608
        book.tenant,
        message,
    )
    return file_of(row) if row is not None else None


async def latest(book: Book, most: int = 50) -> list[BankFile]:
    """The newest first."""
    rows = await book.unit.fetch(
        f"select {_COLUMNS} from plug_sepa.file where tenant_id = $1 order by id desc limit $2",  # noqa: S608
        book.tenant,
        most,
    )
    return [file_of(row) for row in rows]


async def accounts(book: Book) -> frozenset[str]:
    """The accounts for which files were ever written; what these collect may come after the settings have changed."""
    rows = await book.unit.fetch("select distinct iban from plug_sepa.file where tenant_id = $1", book.tenant)
    return frozenset(row["iban"] for row in rows) - {""}


async def outstanding(book: Book) -> dict[UUID, int]:
    """File → how many of its collections the bank has not decided."""
    rows = await book.unit.fetch(
        "select file_id, count(*) as open from plug_sepa.debit where tenant_id = $1 and state = 'exported'"
        " group by file_id",
        book.tenant,
    )
    return {row["file_id"]: row["open"] for row in rows}


async def body(book: Book, identifier: UUID) -> bytes:
    """The same bytes however often it is asked for; counted. Raises NotFound."""
    row = await book.unit.fetchrow(
        "update plug_sepa.file set downloads = downloads + 1, downloaded_at = $3 where tenant_id = $1 and id = $2"
        " returning body",
        book.tenant, identifier, book.now,
    )  # fmt: skip
    if row is None:
        raise NotFound("there is no such file")
    return bytes(row["body"])


async def undo(book: Book, identifier: UUID, by: str) -> None:
    """It was never sent."""
    await book.unit.execute(
        "update plug_sepa.file set state = 'undone', undone_at = $3, undone_by = $4 where tenant_id = $1 and id = $2",
        book.tenant, identifier, book.now, by,
    )  # fmt: skip


async def add_upload(book: Book, identifier: UUID, name: str, kind: str, sha256: str, report: str, by: str) -> None:
    """Keep what a statement said and what came of it."""
    await book.unit.execute(
        "insert into plug_sepa.upload (tenant_id, id, name, kind, sha256, report, created_at, created_by)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        book.tenant, identifier, name, kind, sha256, report, book.now, by,
    )  # fmt: skip


async def upload(book: Book, identifier: UUID) -> tuple[str, str, str, datetime, bool]:
    """Name, kind, report, when, and whether the very same file had been read before. Raises NotFound."""
    row = await book.unit.fetchrow(
        "select u.*, exists (select from plug_sepa.upload o"
        " where o.tenant_id = $1 and o.sha256 = u.sha256 and o.id < u.id) as again"
        " from plug_sepa.upload u where u.tenant_id = $1 and u.id = $2",
        book.tenant,
        identifier,
    )
    if row is None:
        raise NotFound("there is no such statement")
    return row["name"], row["kind"], row["report"], row["created_at"], row["again"]


async def uploads(book: Book, most: int = 10) -> list[Any]:
    """Id, name, kind and time, the newest first."""
    return await book.unit.fetch(
        "select id, name, kind, created_at from plug_sepa.upload where tenant_id = $1 order by id desc limit $2",
        book.tenant,
        most,
    )


async def outstanding_since(book: Book, day: date) -> int:
    """How many collections were due by that day and are still undecided."""
    count: int = await book.unit.fetchval(
        "select count(*) from plug_sepa.debit where tenant_id = $1 and state = 'exported' and collect_on <= $2",
        book.tenant,
        day,
    )
    return count
