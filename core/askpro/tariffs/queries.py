"""Reading what was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.tariffs.card import Level, TariffVersion
from askpro.tariffs.content import Content, version

__all__ = (
    "Plan",
    "StoredVersion",
    "blocked_prefixes",
    "plan_by_code",
    "plans",
    "version_at",
    "version_by_id",
    "versions",
)

_COLUMNS = "id, level, owner_id, currency, effective_from, content, digest, note, published_at, published_by"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that customers can be put on."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A published version as it is kept."""

    id: UUID
    level: Level
    owner_id: UUID | None
    currency: str
    effective_from: datetime
    content: Content
    digest: bytes
    note: str
    published_at: datetime
    published_by: str

    @property
    def card(self) -> TariffVersion:
        """The prices, ready to be compiled into a chain."""
        return version(self.id, self.level, self.currency, self.effective_from, self.content)


async def versions(tenant: UUID, level: Level | None = None, *, owner_id: UUID | None = None) -> list[StoredVersion]:
    """The tenant's own versions (of a level, of an owner), oldest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from tariffs.version where tenant_id = $1 and ($2::text is null or level = $2)"  # noqa: S608 - constant
            " and ($3::uuid is null or owner_id = $3) order by effective_from, id",
            tenant,
            level,
            owner_id,
        )
    return [_stored(row) for row in rows]


async def version_by_id(tenant: UUID, version_id: UUID) -> StoredVersion:
    """Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {_COLUMNS} from tariffs.version where tenant_id = $1 and id = $2",  # noqa: S608 - constant
            tenant,
            version_id,
        )
    if row is None:
        raise NotFound("there is no such price list")
    return _stored(row)


async def version_at(
    tenant: UUID, level: Level, owner_id: UUID | None, currency: str, at: datetime
) -> StoredVersion | None:
    """What one owner's price list says at an instant (D3), as published."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {_COLUMNS} from tariffs.version"  # noqa: S608 - constant
            " where tenant_id = $1 and level = $2 and owner_id is not distinct from $3 and currency = $4"
            " and effective_from <= $5 order by effective_from desc, id desc limit 1",
            tenant,
            level,
            owner_id,
            currency,
            at,
        )
    return None if row is None else _stored(row)


async def plans(tenant: UUID) -> list[Plan]:
    """By code."""
    async with db.unit(tenant):
        rows = await db.fetch("select id, code, name from tariffs.plan where tenant_id = $1 order by code", tenant)
    return [Plan(*row) for row in rows]


async def plan_by_code(tenant: UUID, code: str) -> Plan:
    """Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select id, code, name from tariffs.plan where tenant_id = $1 and code = $2", tenant, code
        )
    if row is None:
        raise NotFound(f"there is no plan {code!r}", field="plan")
    return Plan(*row)


async def blocked_prefixes() -> dict[str, str]:
    """Destinations nobody may call, with the reason. The same for every tenant."""
    rows = await db.call("select prefix, reason from tariffs.blocked_prefix order by prefix")
    return {row["prefix"]: row["reason"] for row in rows}


def _stored(row: tuple[object, ...]) -> StoredVersion:
    identifier, level, *rest = row
    return StoredVersion(identifier, Level(str(level)), *rest)  # type: ignore[arg-type]  # the columns are in this order
