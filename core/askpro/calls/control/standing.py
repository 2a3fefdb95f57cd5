"""Where somebody stands under the caps: what they are, and what is used of them at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.calls.control.limits import Caps, Scope
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant

__all__ = ("Spent", "Standing", "begins_of", "of_customer", "of_number", "of_reseller", "spent_in")

_CAPS = Caps.__struct_fields__


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls have cost in the running civil periods, by the day a call began (10⁻⁶). None: not counted."""

    day: int | None
    week: int | None
    month: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """``calls`` are open now, ``held`` (10⁻⁶) is set aside for them and counts as spent under a cap.

    A reseller's spending of the day and week is counted from its first spending cap on; a number's never is.
    """

    caps: Caps
    currency: str
    calls: int
    held: int
    spent: Spent


def begins_of(day: date) -> dict[str, date]:
    """The first days of the day, of the week (Monday) and of the month in which it lies."""
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}


async def of_reseller(tenant: Tenant) -> Standing:
    """All calls of the tenant; money of those in its currency."""
    return await _standing(tenant, "reseller", "", tenant.currency)


async def of_customer(tenant: Tenant, customer: Customer) -> Standing:
    """A customer's calls and money."""
    return await _standing(tenant, "customer", str(customer.wallet_id), customer.currency, wallet=customer.wallet_id)


async def of_number(tenant: Tenant, number: str) -> Standing:
    """The calls of a customer's own number. One without caps has all of them None, known or not."""
    return await _standing(tenant, "number", number, tenant.currency)


async def _standing(
    tenant: Tenant, scope: Scope, subject: str, currency: str, *, wallet: UUID | None = None
) -> Standing:
    today = clock.civil_day(clock.now(), tenant.timezone)
    async with db.unit(tenant.id):
        row = await db.fetchrow(
            f"select {', '.join(_CAPS)}, counted from ledger.call_limit"  # noqa: S608 - our own names
            " where tenant_id = $1 and scope = $2 and subject = $3",
            tenant.id, scope, subject,
        )  # fmt: skip
        now = await db.fetchrow(
            "select count(*) as calls, coalesce(sum(held) filter (where currency = $4), 0)::bigint as held"
            "  from ledger.hold where tenant_id = $1 and state = 'open'"
            "   and ($2::uuid is null or wallet_id = $2) and ($3 = '' or line = $3)",
            tenant.id, wallet, subject if scope == "number" else "", currency,
        )  # fmt: skip
        if scope == "number":
            spent = Spent(None, None, None)
        elif row is not None and row["counted"]:
            spent = await spent_in(tenant.id, wallet or tenant.id, today)
        else:
            spent = await _uncounted(tenant, wallet, currency, today)
    caps = Caps(*(row[name] for name in _CAPS)) if row is not None else Caps()
    return Standing(caps, currency, now["calls"], now["held"], spent)


async def spent_in(tenant: UUID, subject: UUID, day: date) -> Spent:
    """What is counted for a wallet, or for the reseller (``subject``: the tenant). Needs an open unit."""
    first = begins_of(day)
    row = await db.fetchrow(
        "select coalesce(sum(spent) filter (where day = $3), 0)::bigint,"
        "       coalesce(sum(spent) filter (where day between $4 and $4 + 6), 0)::bigint,"
        "       coalesce(sum(spent) filter (where date_trunc('month', day) = date_trunc('month', $3::date)), 0)::bigint"
        "  from ledger.spend_day where tenant_id = $1 and subject = $2 and day >= least($4::date, $5::date)",
        tenant, subject, day, first["week"], first["month"],
    )  # fmt: skip
    return Spent(*row)


async def _uncounted(tenant: Tenant, wallet: UUID | None, currency: str, day: date) -> Spent:
    """From the books: months are summed up there. A week's calls are read for one wallet only."""
    first = begins_of(day)
    month = await db.fetchval(
        "select coalesce(sum(m.price), 0)::bigint from ledger.usage_month m"
        "  join ledger.wallet w on w.tenant_id = m.tenant_id and w.id = m.wallet_id"
        " where m.tenant_id = $1 and m.month = $2 and w.currency = $3 and ($4::uuid is null or w.id = $4)",
        tenant.id, first["month"], currency, wallet,
    )  # fmt: skip
    if wallet is None:
        return Spent(None, None, month)
    since = datetime.combine(first["week"] - timedelta(days=1), time(), UTC)
    row: Any = await db.fetchrow(
        "select coalesce(sum(price) filter (where day = $3), 0)::bigint,"
        "       coalesce(sum(price) filter (where day between $4 and $4 + 6), 0)::bigint"
        "  from ledger.usage where tenant_id = $1 and wallet_id = $2 and began_at >= $5",
        tenant.id, wallet, day, first["week"], since,
    )  # fmt: skip
    return Spent(row[0], row[1], month)
