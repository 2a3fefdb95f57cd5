"""Reading tenants."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.tenancy.model import Tenant, tenant_of

__all__ = ("all_tenants", "domains", "tenant_by_id", "tenant_by_slug")

_TENANT = (
    "select t.*, (select d.host from tenancy.domain d where d.tenant_id = t.id and d.is_primary) as primary_host"
    " from tenancy.tenant t"
)


async def tenant_by_id(tenant: UUID, *, lock: bool = False) -> Tenant:
    """The tenant itself; ``lock`` keeps others from changing it until the open unit ends. Raises NotFound."""
    async with db.unit(tenant):
        if lock:
            await db.execute("select 1 from tenancy.tenant where id = $1 for update", tenant)
        row = await db.fetchrow(f"{_TENANT} where t.id = $1", tenant)
    if row is None:
        raise NotFound("there is no such reseller")
    return tenant_of(row, row["primary_host"] or "")


async def tenant_by_slug(slug: str) -> Tenant:
    """For the console and imports, which name tenants by slug: an audited look across. Raises NotFound."""
    async with db.platform_unit(f"find reseller {slug[:60]}"):
        row = await db.fetchrow(f"{_TENANT} where t.slug = $1", slug)
    if row is None:
        raise NotFound(f"there is no reseller {slug!r}")
    return tenant_of(row, row["primary_host"] or "")


async def all_tenants(reason: str, *, actor: str = "system") -> list[Tenant]:
    """Every reseller by slug: an audited look across."""
    async with db.platform_unit(reason, actor=actor):
        rows = await db.fetch(f"{_TENANT} where t.kind = 'reseller' order by t.slug")
    return [tenant_of(row, row["primary_host"] or "") for row in rows]


async def domains(tenant: UUID) -> tuple[str, ...]:
    """The tenant's own hosts, the primary one first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select host from tenancy.domain where tenant_id = $1 order by is_primary desc, host", tenant
        )
    return tuple(row["host"] for row in rows)
