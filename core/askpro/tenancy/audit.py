"""The audit log: who changed what, in the same unit as the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.ids import new_id

__all__ = ("Entry", "entries", "record")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    id: UUID
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    address: str


async def record(tenant: UUID, actor: Actor, action: str, subject: object = "", **detail: Any) -> None:
    """Write an entry: ``record(tenant, by, "customer.created", customer.id, number="NO-00001")``.

    ``detail`` never holds a secret, and of personal data only what the entry is about. Inside an open unit it is
    part of that unit: a change that is rolled back leaves no trace of having happened.
    """
    async with db.unit(tenant):
        await db.execute(
            "insert into audit.entry (tenant_id, id, at, actor, action, subject, detail, address)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            new_id(),
            clock.now(),
            str(actor),
            action,
            str(subject),
            detail,
            actor.address,
        )


async def entries(tenant: UUID, *, before: UUID | None = None, limit: int = 50, action: str = "") -> list[Entry]:
    """The log, newest first; ``before`` is the id of the last entry of the page before."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select id, at, actor, action, subject, detail, address from audit.entry"
            " where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3 = '' or action = $3)"
            " order by id desc limit $4",
            tenant,
            before,
            action,
            limit,
        )
    return [Entry(*row) for row in rows]
