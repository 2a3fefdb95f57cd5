"""Who is written to: one address for a customer, each of its staff for a reseller."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from askpro import db
from askpro.people.queries import people_of

__all__ = ("Recipient", "customer_of", "staff_of")


@dataclass(frozen=True, slots=True)
class Recipient:
    """``address`` empty: there is none. ``locale`` empty: the reseller's."""

    address: str
    name: str
    locale: str
    customer_id: UUID | None = None
    person_id: UUID | None = None


async def customer_of(tenant: UUID, customer_id: UUID) -> Recipient:
    """The customer's own address, else that of the first who signs in for it; both in the customer's language."""
    row = await db.fetchrow(
        "select name, email, locale from people.customer where tenant_id = $1 and id = $2", tenant, customer_id
    )
    if row is None:
        return Recipient("", "", "", customer_id)
    if row["email"]:
        return Recipient(row["email"], row["name"], row["locale"], customer_id)
    people = [one for one in await people_of(tenant, customer_id) if one.status == "active"]
    if not people:
        return Recipient("", row["name"], row["locale"], customer_id)
    first = min(people, key=lambda one: (one.created_at, one.id))
    return Recipient(first.email, row["name"], row["locale"] or first.locale, customer_id, first.id)


async def staff_of(tenant: UUID, besides: UUID | None = None) -> list[Recipient]:
    """The active staff, but for ``besides``: nobody approves what they have proposed themselves."""
    return [
        Recipient(one.email, one.name, one.locale, None, one.id)
        for one in await people_of(tenant, None)
        if one.status == "active" and one.id != besides
    ]
