"""What can be done with a tenant. Every change raises its version, so every process's caches follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.tenancy import audit, checks, hosts
from askpro.tenancy.model import PLATFORM, Brand, Seller, Status, Tenant, TenantSettings, plain
from askpro.tenancy.queries import tenant_by_id

__all__ = ("bump_tariffs", "create_tenant", "set_domains", "set_status", "update_tenant")

_FIELDS = ("name", "seller", "locale", "timezone", "country", "brand", "settings")


async def create_tenant(
    slug: str,
    name: str,
    *,
    currency: str,
    locale: str,
    timezone: str,
    by: Actor,
    country: str = "DE",
    seller: Seller = "platform",
    brand: Brand | None = None,
    settings: TenantSettings | None = None,
) -> Tenant:
    """Open a reseller.

    Raises InvalidInput naming the field, DuplicateKey (``slug_taken``).
    """
    tenant, kept, chosen = new_id(), brand or Brand(), settings or TenantSettings()
    _check(currency, kept, chosen)
    values = (
        checks.slug(slug),
        checks.name(name),
        _seller(seller),
        checks.currency(currency),
        checks.locale(locale),
        checks.timezone(timezone),
        checks.country(country),
    )
    try:
        async with db.unit(tenant):
            await db.execute(
                "insert into tenancy.tenant (id, slug, name, seller, currency, locale, timezone, country, brand,"
                " settings, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                tenant,
                *values,
                plain(kept),
                plain(chosen),
                clock.now(),
            )
            await audit.record(tenant, by, "tenant.created", tenant, slug=slug, name=name)
            db.after_commit(hosts.forget)
            return await tenant_by_id(tenant)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKey(f"there is a reseller {slug!r} already", code="slug_taken", field="slug") from error


async def update_tenant(tenant: UUID, *, by: Actor, **changes: Any) -> Tenant:
    """Change ``name``, ``seller``, ``locale``, ``timezone``, ``country``, ``brand`` (Brand) or ``settings``.

    Currency and slug stay: wallets and addresses were made with them. Raises InvalidInput, NotFound.
    """
    unknown = changes.keys() - set(_FIELDS)
    if unknown:
        raise InvalidInput(f"a reseller's {', '.join(sorted(unknown))} cannot be changed", field=min(unknown))
    async with db.unit(tenant):
        before = await tenant_by_id(tenant, lock=True)
        after = {field: changes.get(field, getattr(before, field)) for field in _FIELDS}
        changed = sorted(field for field in _FIELDS if after[field] != getattr(before, field))
        if not changed:
            return before
        _check(before.currency, after["brand"], after["settings"])
        await db.execute(
            "update tenancy.tenant set name = $2, seller = $3, locale = $4, timezone = $5, country = $6, brand = $7,"
            " settings = $8, version = version + 1 where id = $1",
            tenant,
            checks.name(after["name"]),
            _seller(after["seller"]),
            checks.locale(after["locale"]),
            checks.timezone(after["timezone"]),
            checks.country(after["country"]),
            plain(after["brand"]),
            plain(after["settings"]),
        )
        await audit.record(tenant, by, "tenant.changed", tenant, fields=changed)
        db.after_commit(hosts.forget)
        return await tenant_by_id(tenant)


async def set_status(tenant: UUID, status: Status, *, by: Actor) -> None:
    """Suspend, close or open a reseller. Raises InvalidInput, NotFound, Conflict (``closed``: closing is final)."""
    if status not in ("active", "suspended", "closed"):
        raise InvalidInput(f"no such status: {status!r}", field="status")
    async with db.unit(tenant):
        before = await tenant_by_id(tenant, lock=True)
        if before.status == status:
            return
        if before.status == "closed" or before.id == PLATFORM:
            raise Conflict("this tenant's status is final", code="closed", field="status")
        await db.execute("update tenancy.tenant set status = $2, version = version + 1 where id = $1", tenant, status)
        await audit.record(tenant, by, "tenant.status", tenant, status=status, before=before.status)
        db.after_commit(hosts.forget)


async def set_domains(tenant: UUID, domains: Sequence[str], *, by: Actor, base_domain: str = "") -> None:
    """Exactly these hosts answer for the tenant beside its own below ``base_domain``; the first is the primary one.

    Raises InvalidInput on what is no foreign host name, DuplicateKey (``host_taken``), NotFound.
    """
    wanted = [checks.host(domain, base_domain) for domain in domains]
    if len(set(wanted)) < len(wanted):
        raise InvalidInput("a domain is named twice", field="domains")
    try:
        async with db.unit(tenant):
            await tenant_by_id(tenant, lock=True)
            rows = await db.fetch(
                "select host from tenancy.domain where tenant_id = $1 order by is_primary desc, host", tenant
            )
            held = [row["host"] for row in rows]
            if held == [*wanted[:1], *sorted(wanted[1:])]:
                return
            await db.execute("delete from tenancy.domain where tenant_id = $1 and host <> all($2)", tenant, wanted)
            await db.execute("update tenancy.domain set is_primary = false where tenant_id = $1", tenant)
            await db.executemany(
                "insert into tenancy.domain (tenant_id, host, is_primary) values ($1, $2, $3)"
                " on conflict (tenant_id, host) do update set is_primary = excluded.is_primary",
                [(tenant, host, position == 0) for position, host in enumerate(wanted)],
            )
            await db.execute("update tenancy.tenant set version = version + 1 where id = $1", tenant)
            await audit.record(tenant, by, "tenant.domains", tenant, domains=wanted)
            db.after_commit(hosts.forget)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKey("one of these hosts is in use", code="host_taken", field="domains") from error


async def bump_tariffs(tenant: UUID) -> None:
    """Tell every process that prices of this tenant (or of the platform) changed. Needs an open unit.

    It locks the tenant's row, so two publications for the same tenant come one after the other. Raises NotFound.
    """
    tag = await db.execute("update tenancy.tenant set tariff_epoch = tariff_epoch + 1 where id = $1", tenant)
    if tag != "UPDATE 1":
        raise NotFound("there is no such reseller")


def _seller(text: str) -> str:
    if text not in ("platform", "reseller"):
        raise InvalidInput(f"the seller is platform or reseller, not {text!r}", field="seller")
    return text


def _check(currency: str, brand: Brand, settings: TenantSettings) -> None:
    checks.logo(brand.logo)
    if settings.topup is not None:
        checks.topup(settings.topup, currency)
    checks.adjustment_limits(settings.adjustment_limits)
