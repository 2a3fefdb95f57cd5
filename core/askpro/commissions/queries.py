"""Reading commission schemes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from askpro import db
from askpro.commissions.scheme import Kind

__all__ = ("StoredScheme", "scheme_at", "schemes")

_COLUMNS = "id, effective_from, kind, value, created_at, created_by"


@dataclass(frozen=True, slots=True)
class StoredScheme:
    """A published scheme. ``value``: percent, or currency units per minute."""

    id: UUID
    effective_from: datetime
    kind: Kind
    value: Decimal
    created_at: datetime
    created_by: str


async def schemes(tenant: UUID) -> list[StoredScheme]:
    """All schemes of a reseller, oldest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from commissions.scheme where tenant_id = $1 order by effective_from, id",  # noqa: S608 - constant
            tenant,
        )
    return [StoredScheme(*row) for row in rows]


async def scheme_at(tenant: UUID, at: datetime) -> StoredScheme | None:
    """The scheme in force at an instant; None: the reseller earns nothing yet."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {_COLUMNS} from commissions.scheme where tenant_id = $1 and effective_from <= $2"  # noqa: S608 - constant
            " order by effective_from desc, id desc limit 1",
            tenant,
            at,
        )
    return None if row is None else StoredScheme(*row)
