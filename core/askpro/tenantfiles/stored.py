"""The database's side of a definition: what is stored of the things a file names, or all that there is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from askpro import db
from askpro.calls.control.limits import Caps, caps_of
from askpro.commissions import queries as commissions
from askpro.errors import NotFound
from askpro.people.queries import customer_by_number
from askpro.tariffs import queries as tariffs
from askpro.tariffs.card import Level
from askpro.tariffs.queries import StoredVersion
from askpro.tenancy import tax
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.queries import domains, tenant_by_slug
from askpro.tenantfiles.definition import Commission, Definition, Key, PlatformDefinition, PriceList

__all__ = (
    "Place",
    "latest_platform",
    "latest_tenant",
    "place_of",
    "stored_platform",
    "stored_tenant",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a price list is kept. ``owner_id`` None: all customers, or all resellers."""

    tenant: UUID
    level: Level
    owner_id: UUID | None
    currency: str


async def place_of(tenant: UUID, key: Key, currency: str) -> Place | None:
    """The place of a list; None while its plan is not there. Raises NotFound for a customer or reseller that is not."""
    if key[0] == "wholesale":
        return Place(PLATFORM, Level.PLATFORM, None, key[1])
    if key[0] == "resellers":
        return Place(PLATFORM, Level.PLATFORM, (await tenant_by_slug(key[1])).id, key[2])
    if key[0] == "retail":
        return Place(tenant, Level.RESELLER, None, currency)
    if key[0] == "customers":
        customer = await customer_by_number(tenant, key[1])
        return Place(tenant, Level.CUSTOMER, customer.id, customer.currency)
    try:
        return Place(tenant, Level.PLAN, (await tariffs.plan_by_code(tenant, key[1])).id, currency)
    except NotFound:
        return None


async def stored_tenant(tenant: Tenant, wanted: Definition) -> Definition:
    """What is stored of what ``wanted`` names; prices and commission as they are from its instants on."""
    plans = {plan.code: plan.name for plan in await tariffs.plans(tenant.id)}
    rates = {rate.effective_from: rate for rate in await tax.rates(tenant.id)}
    commission = None
    if wanted.commission is not None:
        scheme = await commissions.scheme_at(tenant.id, wanted.commission.effective_from)
        if scheme is not None:
            commission = Commission(scheme.kind, scheme.value, wanted.commission.effective_from)
    return await _definition(
        tenant,
        taxes=tuple(rates[t.effective_from] for t in wanted.taxes if t.effective_from in rates),
        limits=None if wanted.limits is None else await _limits(tenant.id) or Caps(),
        plans={code: plans[code] for code in wanted.plans if code in plans},
        prices=await _in_force(tenant.id, wanted.prices, tenant.currency),
        commission=commission,
    )


async def stored_platform(wanted: PlatformDefinition) -> PlatformDefinition:
    """What nobody may call, and the wholesale prices that ``wanted`` names."""
    return PlatformDefinition(await tariffs.blocked_prefixes(), await _in_force(PLATFORM, wanted.prices, ""))


async def _in_force(tenant: UUID, wanted: tuple[PriceList, ...], currency: str) -> tuple[PriceList, ...]:
    found = []
    for price_list in wanted:
        place = await place_of(tenant, price_list.key, currency)
        held = place and await tariffs.version_at(
            place.tenant, place.level, place.owner_id, place.currency, price_list.effective_from
        )
        if held:
            found.append(PriceList(price_list.key, price_list.effective_from, held.content))
    return tuple(found)


async def latest_tenant(tenant: Tenant) -> Definition:
    """Everything of a reseller, with the price lists that were published to hold last."""
    plans = await tariffs.plans(tenant.id)
    schemes = await commissions.schemes(tenant.id)
    codes = {plan.id: plan.code for plan in plans}
    async with db.unit(tenant.id):
        rows = await db.fetch("select id, number, currency from people.customer where tenant_id = $1", tenant.id)
    customers = {row["id"]: (row["number"], row["currency"]) for row in rows}
    latest: dict[Key, StoredVersion] = {}
    for version in await tariffs.versions(tenant.id):
        number, currency = customers.get(version.owner_id, ("", tenant.currency)) if version.owner_id else ("", "")
        if version.level is Level.CUSTOMER and version.currency == currency:
            latest["customers", number] = version
        elif version.level is Level.PLAN and version.owner_id in codes and version.currency == tenant.currency:
            latest["plans", codes[version.owner_id]] = version
        elif version.level is Level.RESELLER and version.currency == tenant.currency:
            latest["retail",] = version
    last = schemes[-1] if schemes else None
    return await _definition(
        tenant,
        taxes=tuple(await tax.rates(tenant.id)),
        limits=await _limits(tenant.id),
        plans={plan.code: plan.name for plan in plans},
        prices=_lists(latest),
        commission=Commission(last.kind, last.value, last.effective_from) if last else None,
    )


async def _limits(tenant: UUID) -> Caps | None:
    """The reseller's own; None: there are none."""
    found = [caps for scope, _, caps in await caps_of(tenant) if scope == "reseller" and caps != Caps()]
    return found[0] if found else None


async def latest_platform() -> PlatformDefinition:
    """Everything the platform publishes."""
    async with db.platform_unit("export wholesale prices"):
        rows = await db.fetch("select id, slug from tenancy.tenant")
        slugs = {row["id"]: row["slug"] for row in rows}
        latest: dict[Key, StoredVersion] = {}
        for version in await tariffs.versions(PLATFORM):
            if version.owner_id is None:
                latest["wholesale", version.currency] = version
            else:
                latest["resellers", slugs[version.owner_id], version.currency] = version
    return PlatformDefinition(await tariffs.blocked_prefixes(), _lists(latest))


def _lists(latest: dict[Key, StoredVersion]) -> tuple[PriceList, ...]:
    """In the order of their keys, without those that were emptied, which is how an agreement ends."""
    order = {"retail": 0, "plans": 1, "customers": 2, "wholesale": 3, "resellers": 4}
    kept = sorted((item for item in latest.items() if item[1].content), key=lambda item: (order[item[0][0]], item[0]))
    return tuple(PriceList(key, version.effective_from, version.content) for key, version in kept)


async def _definition(
    tenant: Tenant,
    *,
    taxes: tuple[tax.TaxRate, ...],
    limits: Caps | None,
    plans: dict[str, str],
    prices: tuple[PriceList, ...],
    commission: Commission | None,
) -> Definition:
    return Definition(
        slug=tenant.slug,
        name=tenant.name,
        currency=tenant.currency,
        locale=tenant.locale,
        timezone=tenant.timezone,
        country=tenant.country,
        seller=tenant.seller,
        domains=await domains(tenant.id),
        brand=tenant.brand,
        settings=tenant.settings,
        taxes=taxes,
        limits=limits,
        plans=plans,
        prices=prices,
        commission=commission,
    )
