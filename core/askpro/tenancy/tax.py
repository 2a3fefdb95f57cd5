"""The VAT rate of a tenant's sales: dated data, chosen by the civil day of the sale (§ 27 UStG)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from askpro import db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.tenancy import audit

__all__ = ("TaxRate", "rate_on", "rates", "set_rate")


@dataclass(frozen=True, slots=True)
class TaxRate:
    """``rate`` as a fraction (0.19) from the civil day ``effective_from`` on."""

    effective_from: date
    rate: Decimal


async def rate_on(tenant: UUID, day: date) -> Decimal:
    """The rate in force on a civil day. Raises NotFound (``tax_rate_missing``): nothing is sold at a guessed rate."""
    async with db.unit(tenant):
        found: Decimal | None = await db.fetchval(
            "select rate from tenancy.tax_rate where tenant_id = $1 and effective_from <= $2"
            " order by effective_from desc limit 1",
            tenant,
            day,
        )
    if found is None:
        raise NotFound(f"no VAT rate holds on {day}", code="tax_rate_missing")
    return found


async def rates(tenant: UUID) -> list[TaxRate]:
    """All rates, oldest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select effective_from, rate from tenancy.tax_rate where tenant_id = $1 order by effective_from", tenant
        )
    return [TaxRate(row["effective_from"], row["rate"]) for row in rows]


async def set_rate(tenant: UUID, effective_from: date, rate: Decimal, *, by: Actor) -> None:
    """Make a rate hold from a day on; saying the same again changes nothing.

    Raises InvalidInput on what is no rate, Conflict (``tax_rate_fixed``) when that day has another rate already:
    documents were made with it.
    """
    if not rate.is_finite() or not 0 <= rate < 1 or rate != round(rate, 4):
        raise InvalidInput(f"{rate} is no VAT rate: 19 percent are 0.19", field="rate")
    async with db.unit(tenant):
        new: Decimal | None = await db.fetchval(
            "insert into tenancy.tax_rate (tenant_id, effective_from, rate) values ($1, $2, $3)"
            " on conflict do nothing returning rate",
            tenant,
            effective_from,
            rate,
        )
        if new is not None:
            await audit.record(tenant, by, "tax_rate.set", effective_from, rate=str(rate))
            return
        held = await db.fetchval(
            "select rate from tenancy.tax_rate where tenant_id = $1 and effective_from = $2", tenant, effective_from
        )
    if held != rate:
        raise Conflict(f"from {effective_from} on the rate is {held}", code="tax_rate_fixed", field="rate")
