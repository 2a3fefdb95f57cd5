"""Pages on which only a mandate is given. Every function works in an open book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from askpro.errors import Conflict
from askpro.ids import new_id
from askpro.sdk import SetupRequest
from askpro_sepa.store import Book

__all__ = ("Setup", "add", "by_id", "finish")


@dataclass(frozen=True, slots=True)
class Setup:
    """A row of ``plug_sepa.setup``."""

    id: UUID
    key: str
    customer: str
    consent: str
    mandate_ref: str
    return_url: str
    cancel_url: str
    state: str
    expires_at: datetime


async def add(book: Book, request: SetupRequest, ref: str, until: datetime) -> Setup:
    """Enter it, or find it again by its key. Raises Conflict when that is another customer's."""
    await book.unit.execute(
        "insert into plug_sepa.setup (tenant_id, id, key, customer, consent, mandate_ref, return_url, cancel_url,"
        " state, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)"
        " on conflict do nothing",
        book.tenant, new_id(), request.key, request.customer.id, request.consent, ref, request.return_url,
        request.cancel_url, until, book.now,
    )  # fmt: skip
    row = await book.unit.fetchrow(
        "select * from plug_sepa.setup where tenant_id = $1 and key = $2", book.tenant, request.key
    )
    found = _setup(row)
    if found.customer != request.customer.id:
        raise Conflict("this key belongs to somebody else", code="key_reused")
    return found


async def by_id(book: Book, identifier: UUID) -> Setup | None:
    """Locked."""
    row = await book.unit.fetchrow(
        "select * from plug_sepa.setup where tenant_id = $1 and id = $2 for update", book.tenant, identifier
    )
    return _setup(row) if row is not None else None


async def finish(book: Book, identifier: UUID, state: str, mandate: UUID | None = None) -> None:
    """The customer has decided."""
    await book.unit.execute(
        "update plug_sepa.setup set state = $3, mandate_id = $4 where tenant_id = $1 and id = $2",
        book.tenant, identifier, state, mandate,
    )  # fmt: skip


def _setup(row: Any) -> Setup:
    return Setup(**{name: row[name] for name in Setup.__dataclass_fields__})
