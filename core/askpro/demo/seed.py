"""Makes the sample installation through the same services as everybody: files, customers, top-ups, calls.

It may be killed at any point and run again: what is there stays, what is missing is made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from askpro import clock, db, paths
from askpro.actor import Actor
from askpro.calls.book import Item, book
from askpro.demo.sample import CUSTOMERS, PASSWORD, SampleCustomer, calls_of_day
from askpro.demo.staff import hire
from askpro.demo.topups import top_up
from askpro.ledger import queries as books
from askpro.money import UNITS, Money
from askpro.people.customers import create_customer
from askpro.people.model import Customer
from askpro.people.persons import add_person
from askpro.people.queries import customers_by_number
from askpro.pluginhost import Host
from askpro.pluginhost.service import enable, offer
from askpro.sdk.context import TenantRef
from askpro.tariffs.queries import plan_by_code
from askpro.tenancy.model import Tenant
from askpro.tenancy.queries import tenant_by_slug
from askpro.tenantfiles.service import apply_platform, apply_tenant, read_platform, read_tenant

__all__ = ("DAYS", "seed")

DAYS = 75
_BY = Actor("operator", "demo")
_LOW, _USUAL = 6 * UNITS, 50 * UNITS


async def seed(host: Host, base_domain: str, *, progress: Callable[[str], None]) -> None:
    """Bring the sample installation up to this moment. ``host``: the plugin host, started."""
    progress("resellers, brands and prices")
    await apply_platform(read_platform(paths.tenants() / "platform"), by=_BY)
    for plugin in ("sandbox", "banktransfer", "sepa"):  # the last two want an account: staff may enter one
        if plugin in host.records:
            await offer(host, plugin, by=str(_BY))
    tenants: list[Tenant] = []
    for slug in CUSTOMERS:
        await apply_tenant(read_tenant(paths.tenants() / slug), by=_BY, base_domain=base_domain)
        async with db.platform_unit("demo: the tenants", actor=str(_BY)):
            tenant = await tenant_by_slug(slug)
        await enable(host, TenantRef(tenant.id), "sandbox", by=str(_BY))
        tenants.append(tenant)
    progress("customers")
    known = [
        (tenant, sample, await _customer(tenant, sample)) for tenant in tenants for sample in CUSTOMERS[tenant.slug]
    ]
    for tenant in tenants:
        await hire(tenant, next(customer for owner, _, customer in known if owner is tenant))
    progress(f"{DAYS} days of calls and top-ups")
    await _season(known)


async def _customer(tenant: Tenant, sample: SampleCustomer) -> Customer:
    if found := (await customers_by_number(tenant.id, [sample.number])).get(sample.number):
        return found
    plan = (await plan_by_code(tenant.id, sample.plan)).id if sample.plan else None
    async with db.unit(tenant.id):
        made = await create_customer(tenant.id, sample.number, sample.company, email=sample.email, plan_id=plan, by=_BY)
        await add_person(tenant.id, sample.email, by=_BY, customer_id=made.id, name=sample.person, password=PASSWORD)
    return made


async def _season(known: list[tuple[Tenant, SampleCustomer, Customer]]) -> None:
    """Day by day: who runs low tops up in the morning, then the telephones ring."""
    now = clock.now()
    first = now.date() - timedelta(days=DAYS)
    for offset in range(DAYS + 1):
        day = first + timedelta(days=offset)
        items: list[Item] = []
        for tenant, sample, customer in known:
            await _morning(tenant, customer, day, now)
            for event in calls_of_day(tenant.slug, sample, day, tenant.timezone, now):
                items.append(Item(tenant.id, tenant.timezone, event, str(_BY)))
        if items:
            await book(items)


async def _morning(tenant: Tenant, customer: Customer, day: date, now: datetime) -> None:
    at = datetime.combine(day, time(7, 40), ZoneInfo(tenant.timezone))
    if at > now or await _balance(tenant.id, customer.wallet_id) > _LOW:
        return
    with clock.frozen(at):
        await top_up(tenant, customer, Money(_USUAL, tenant.currency), key=f"demo-{day}")


async def _balance(tenant: UUID, wallet: UUID) -> int:
    async with db.unit(tenant):
        return (await books.wallet(tenant, wallet)).posted
