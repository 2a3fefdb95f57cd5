"""Where published prices lie below cost (D4), from an instant on: asked inside the unit that publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.tariffs.card import Level
from askpro.tariffs.chains import load
from askpro.tariffs.guard import Report, below_wholesale, require_floor

__all__ = ("BelowWholesale", "sold_below")


@dataclass(frozen=True, slots=True)
class BelowWholesale:
    """What loses money for a reseller from ``begins`` on (or has a retail price and no cost)."""

    reseller_id: UUID
    begins: datetime
    report: Report


async def sold_below(
    tenant: UUID,
    level: Level,
    owner_id: UUID | None,
    currency: str,
    begins: datetime,
    *,
    hard_floor: bool = False,
) -> tuple[BelowWholesale, ...]:
    """Compare price and cost at ``begins`` and at every later moment that is published already.

    Wholesale prices are tried against the list of every reseller that sells in the currency; that needs an open
    ``platform_unit``. Raises InvalidInput with ``hard_floor`` (``below_wholesale``) or when levels do not fit together.
    """
    if level is Level.PLATFORM:
        resellers = [owner_id] if owner_id else await _sellers(currency)
        found: list[BelowWholesale] = []
        for reseller in resellers:
            found += await _compared(reseller, None, None, currency, begins, hard_floor)
        return tuple(found)
    customer, plan = None, None
    if level is Level.PLAN:
        plan = owner_id
    elif level is Level.CUSTOMER:
        customer = owner_id
        async with db.unit(tenant):
            plan = await db.fetchval(
                "select plan_id from people.customer where tenant_id = $1 and id = $2", tenant, customer
            )
    return tuple(await _compared(tenant, customer, plan, currency, begins, hard_floor))


async def _sellers(currency: str) -> list[UUID]:
    rows = await db.fetch(
        "select distinct tenant_id from tariffs.version where level = 'reseller' and currency = $1", currency
    )
    return [row["tenant_id"] for row in rows]


async def _compared(
    reseller: UUID, customer: UUID | None, plan: UUID | None, currency: str, begins: datetime, hard_floor: bool
) -> list[BelowWholesale]:
    cards = await load(reseller)
    found = []
    for moment in (begins, *(m for m in cards.moments(customer, plan, currency) if m > begins)):
        cards.require_fitting(customer, plan, currency, moment)
        card = cards.chain_for(customer, plan, currency, moment)
        if card is None:
            continue
        report = below_wholesale(card.retail, card.wholesale)
        if hard_floor:
            require_floor(report)
        if not report.clean or report.unsellable:
            found.append(BelowWholesale(reseller, moment, report))
    return found
