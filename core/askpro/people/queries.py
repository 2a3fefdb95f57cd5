"""Reading customers and people. Lists are paged by a cursor: the last number of the page before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.people.model import Customer, Person

__all__ = (
    "PAGE_LIMIT",
    "CustomerPage",
    "customer",
    "customer_by_number",
    "customers",
    "customers_by_id",
    "customers_by_number",
    "people_of",
    "person",
)

_CUSTOMER = (
    "select c.id, c.number, c.name, c.email, c.currency, c.locale, c.plan_id, c.status, c.created_at, w.id as wallet_id"
    " from people.customer c"
    " join ledger.wallet w on w.tenant_id = c.tenant_id and w.customer_id = c.id and w.currency = c.currency"
)
_PERSON = (
    "select id, customer_id, email, name, role, locale, scheme, status, created_at, last_sign_in from people.person"
)
PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """A page of customers by number; ``cursor`` asks for the next, None on the last."""

    items: tuple[Customer, ...]
    cursor: str | None


async def customer(tenant: UUID, customer_id: UUID) -> Customer:
    """Raises NotFound."""
    return await _one(tenant, "c.id = $2", customer_id)


async def customer_by_number(tenant: UUID, number: str) -> Customer:
    """Raises NotFound."""
    return await _one(tenant, "c.number = $2", _storable(number))


async def _one(tenant: UUID, condition: str, value: object) -> Customer:
    async with db.unit(tenant):
        row = await db.fetchrow(f"{_CUSTOMER} where c.tenant_id = $1 and {condition}", tenant, value)
    if row is None:
        raise NotFound("there is no such customer")
    return Customer(*row)


async def customers_by_id(tenant: UUID, ids: Iterable[UUID]) -> dict[UUID, Customer]:
    """Those that are there, in one query."""
    async with db.unit(tenant):
        rows = await db.fetch(f"{_CUSTOMER} where c.tenant_id = $1 and c.id = any($2)", tenant, list({*ids}))
    return {row["id"]: Customer(*row) for row in rows}


async def customers_by_number(tenant: UUID, numbers: list[str]) -> dict[str, Customer]:
    """Those that are there, in one query."""
    async with db.unit(tenant):
        rows = await db.fetch(f"{_CUSTOMER} where c.tenant_id = $1 and c.number = any($2)", tenant, numbers)
    return {row["number"]: Customer(*row) for row in rows}


async def customers(
    tenant: UUID, *, search: str = "", status: str = "", after: str = "", limit: int = 50
) -> CustomerPage:
    """A page of customers by number.

    Args:
        search: part of number, name or e-mail, whatever its case; what it holds is no pattern.
        status: only this one; empty: all.
        after: the cursor of the page before.
        limit: 1 to 500.
    """
    wanted = max(1, min(limit, PAGE_LIMIT))
    async with db.unit(tenant):
        rows = await db.fetch(
            f"{_CUSTOMER} where c.tenant_id = $1 and c.number > $2 and ($3 = '' or c.status = $3)"
            " and ($4 = '' or strpos(lower(c.number || ' ' || c.name || ' ' || c.email), lower($4)) > 0)"
            " order by c.number limit $5",
            tenant,
            _storable(after),
            _storable(status),
            _storable(search.strip()),
            wanted + 1,
        )
    found = tuple(Customer(*row) for row in rows)
    return CustomerPage(found[:wanted], found[wanted - 1].number if len(found) > wanted else None)


def _storable(text: str) -> str:
    """What somebody typed, without the one character that no text in the database can have."""
    return text.replace("\0", "\ufffd")


async def person(tenant: UUID, person_id: UUID) -> Person:
    """Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(f"{_PERSON} where tenant_id = $1 and id = $2", tenant, person_id)
    if row is None:
        raise NotFound("there is no such person")
    return Person(*row)


async def people_of(tenant: UUID, customer_id: UUID | None) -> list[Person]:
    """Who signs in for a customer; None: the reseller's staff. By e-mail."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"{_PERSON} where tenant_id = $1 and customer_id is not distinct from $2 order by email",
            tenant,
            customer_id,
        )
    return [Person(*row) for row in rows]
