"""A definition into rows: all of it or nothing, and nothing at all when nothing differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from askpro import db
from askpro.actor import Actor
from askpro.calls.control.limits import set_caps
from askpro.commissions.queries import scheme_at
from askpro.commissions.service import publish_scheme
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.tariffs import queries as tariffs
from askpro.tariffs.selling import BelowWholesale
from askpro.tariffs.service import create_plan, publish_version, rename_plan, set_blocked
from askpro.tenancy import tax
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.queries import tenant_by_slug
from askpro.tenancy.service import create_tenant, set_domains, update_tenant
from askpro.tenantfiles.definition import Definition, Origin, PlatformDefinition, PriceList
from askpro.tenantfiles.diffing import Change, compared
from askpro.tenantfiles.stored import place_of, stored_platform, stored_tenant

__all__ = ("Applied", "apply_platform", "apply_tenant", "diff_platform", "diff_tenant")


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed, and where the prices published with it lie below cost (D4)."""

    tenant_id: UUID
    changes: tuple[Change, ...]
    below_wholesale: tuple[BelowWholesale, ...] = ()


async def diff_tenant(definition: Definition) -> tuple[Change, ...]:
    """What applying would change. Raises InvalidInput (``file_wrong``) for a customer that is not there."""
    async with db.platform_unit(f"compare reseller {definition.slug} with its files"):
        tenant = await _found(definition.slug)
        return await _differing(tenant, definition)


async def diff_platform(definition: PlatformDefinition) -> tuple[Change, ...]:
    """What applying would change. Raises InvalidInput (``file_wrong``) for a reseller that is not there."""
    async with db.platform_unit("compare wholesale prices with their file"):
        await _check_places(PLATFORM, definition.prices, definition.origin)
        return compared(await stored_platform(definition), definition)


async def apply_tenant(
    definition: Definition, *, by: Actor, base_domain: str = "", hard_floor: bool = False
) -> Applied:
    """Open or change a reseller so that it is as defined. Applying the same again changes nothing.

    What differs in prices is published from the definition's instant on; what is not named is left alone.

    Raises InvalidInput, Conflict or DuplicateKey, naming the key (and for files the line): an instant in the past of
    prices that hold already, another currency than the reseller's wallets, a host in use, a customer that is not there;
    with ``hard_floor`` prices below cost at the first increment.
    """
    async with db.platform_unit(f"apply files of reseller {definition.slug}", actor=str(by)):
        tenant = await _found(definition.slug)
        changes = await _differing(tenant, definition)
        if tenant is not None and not changes:
            return Applied(tenant.id, ())
        tenant = await _house(tenant, definition, by, base_domain)
        for rate in definition.taxes:
            with _located(definition.origin, ("tax",), prices=False):
                await tax.set_rate(tenant.id, rate.effective_from, rate.rate, by=by)
        await _plans(tenant.id, definition, by)
        below = await _publish(tenant.id, definition.prices, tenant.currency, definition.origin, by, hard_floor)
        await _commission(tenant.id, definition, by)
        if definition.limits is not None and any(change.key.startswith("limits.") for change in changes):
            # last: until the end of this transaction no call begins
            await set_caps(tenant.id, "reseller", "", definition.limits, by=by)
        return Applied(tenant.id, changes, below)


async def apply_platform(definition: PlatformDefinition, *, by: Actor, hard_floor: bool = False) -> Applied:
    """Publish wholesale prices and blocked prefixes that differ. Raises as ``apply_tenant``."""
    async with db.platform_unit("apply wholesale prices", actor=str(by)):
        changes = await diff_platform(definition)
        await set_blocked(definition.blocked, by=by)
        below = await _publish(PLATFORM, definition.prices, "", definition.origin, by, hard_floor)
        return Applied(PLATFORM, changes, below)


async def _found(slug: str) -> Tenant | None:
    try:
        return await tenant_by_slug(slug)
    except NotFound:
        return None


async def _differing(tenant: Tenant | None, definition: Definition) -> tuple[Change, ...]:
    if tenant is None:
        return compared(None, definition)
    if tenant.currency != definition.currency:
        message = f"wallets are kept in {tenant.currency}: a reseller's currency is for ever"
        raise InvalidInput(f"{definition.origin.point(('currency',), prices=False)}: {message}", code="file_wrong")
    await _check_places(tenant.id, definition.prices, definition.origin)
    return compared(await stored_tenant(tenant, definition), definition)


async def _check_places(tenant: UUID, prices: tuple[PriceList, ...], origin: Origin) -> None:
    for price_list in prices:
        with _located(origin, price_list.key):
            await place_of(tenant, price_list.key, "EUR")


async def _house(tenant: Tenant | None, definition: Definition, by: Actor, base_domain: str) -> Tenant:
    """The reseller itself: name, look, settings, hosts."""
    wanted = {
        field: getattr(definition, field)
        for field in ("name", "seller", "locale", "timezone", "country", "brand", "settings")
    }
    with _located(definition.origin, (), prices=False):
        if tenant is None:
            tenant = await create_tenant(definition.slug, currency=definition.currency, by=by, **wanted)
        else:
            tenant = await update_tenant(tenant.id, by=by, **wanted)
    with _located(definition.origin, ("domains",), prices=False):
        await set_domains(tenant.id, definition.domains, by=by, base_domain=base_domain)
    return tenant


async def _plans(tenant: UUID, definition: Definition, by: Actor) -> None:
    there = {plan.code: plan for plan in await tariffs.plans(tenant)}
    for code, name in definition.plans.items():
        with _located(definition.origin, ("plans", code)):
            if code not in there:
                await create_plan(tenant, code, name, by=by)
            elif there[code].name != name:
                await rename_plan(tenant, there[code].id, name, by=by)


async def _publish(
    tenant: UUID, prices: tuple[PriceList, ...], currency: str, origin: Origin, by: Actor, hard_floor: bool
) -> tuple[BelowWholesale, ...]:
    below: list[BelowWholesale] = []
    for price_list in prices:
        with _located(origin, (*price_list.key, "effective_from")):
            place = await place_of(tenant, price_list.key, currency)
            if place is None:
                raise NotFound(f"there is no {price_list.key[0]} {price_list.key[1]}")
            held = await tariffs.version_at(
                place.tenant, place.level, place.owner_id, place.currency, price_list.effective_from
            )
            if price_list.content == (held.content if held else {}):
                continue
            published = await publish_version(
                place.tenant,
                place.level,
                place.owner_id,
                place.currency,
                price_list.effective_from,
                price_list.content,
                by=by,
                hard_floor=hard_floor,
            )
            below += published.below_wholesale
    return tuple(below)


async def _commission(tenant: UUID, definition: Definition, by: Actor) -> None:
    wanted = definition.commission
    if wanted is None:
        return
    held = await scheme_at(tenant, wanted.effective_from)
    if held is not None and (held.kind, held.value) == (wanted.kind, wanted.value):
        return
    with _located(definition.origin, ("commission", "effective_from")):
        await publish_scheme(tenant, wanted.kind, wanted.value, wanted.effective_from, by=by)


@contextmanager
def _located(origin: Origin, path: tuple[str | int, ...], *, prices: bool = True) -> Iterator[None]:
    """Say where the definition asks for what a service refuses."""
    try:
        yield
    except (InvalidInput, Conflict) as error:
        where = origin.point(path or tuple((error.field or "").split(".")), prices=prices)
        raise type(error)(f"{where}: {error}", code=error.code, field=error.field) from error
    except NotFound as error:
        raise InvalidInput(f"{origin.point(path, prices=prices)}: {error}", code="file_wrong") from error
