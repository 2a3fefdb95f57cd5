"""What can be done with a customer."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import asyncpg

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.people import checks
from askpro.people.model import Customer, CustomerStatus
from askpro.people.queries import customer
from askpro.tenancy import audit
from askpro.tenancy.service import bump_tariffs

__all__ = ("create_customer", "set_customer_status", "set_plan", "update_customer")

_NUMBER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


async def create_customer(
    tenant: UUID,
    number: str,
    name: str,
    *,
    by: Actor,
    email: str = "",
    currency: str = "",
    locale: str = "",
    plan_id: UUID | None = None,
    credit_line: int = 0,
) -> Customer:
    """Take on a customer and open the wallet.

    Args:
        number: the customer's number with this reseller, for ever.
        currency: of the wallet; empty: the reseller's.
        locale: empty: the reseller's.
        plan_id: a plan of this reseller.
        credit_line: 10⁻⁶ currency units the wallet may go below zero.

    Raises InvalidInput, DuplicateKey (``number_taken``), NotFound for a tenant or plan that is not there.
    """
    if not re.fullmatch(_NUMBER, number, re.ASCII):
        raise InvalidInput(f"not a customer number: {number!r}", field="number")
    if credit_line < 0:
        raise InvalidInput("a credit line is zero or more", field="credit_line")
    identifier = new_id()
    values = (checks.name(name), checks.email(email) if email else "", checks.locale(locale))
    try:
        async with db.unit(tenant):
            own = await db.fetchval("select currency from tenancy.tenant where id = $1", tenant)
            if own is None:
                raise NotFound("there is no such reseller")
            chosen = checks.currency(currency or own)
            await _own_plan(tenant, plan_id)
            await db.execute(
                "insert into people.customer"
                " (tenant_id, id, number, name, email, locale, currency, plan_id, created_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                tenant,
                identifier,
                number,
                *values,
                chosen,
                plan_id,
                clock.now(),
            )
            await db.fetchval(
                "select ledger.open_wallet($1, $2, $3, $4, $5)", tenant, new_id(), identifier, chosen, credit_line
            )
            await audit.record(tenant, by, "customer.created", identifier, number=number)
            return await customer(tenant, identifier)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKey(f"customer {number} exists already", code="number_taken", field="number") from error


async def update_customer(tenant: UUID, customer_id: UUID, *, by: Actor, **changes: Any) -> Customer:
    """Change ``name``, ``email`` or ``locale``. Raises InvalidInput, NotFound."""
    accepted = {"name": checks.name, "email": lambda text: checks.email(text) if text else "", "locale": checks.locale}
    if unknown := changes.keys() - accepted.keys():
        raise InvalidInput(f"a customer's {', '.join(sorted(unknown))} cannot be changed here", field=min(unknown))
    new = {field: accepted[field](value) for field, value in changes.items()}
    async with db.unit(tenant):
        before = await customer(tenant, customer_id)
        changed = sorted(field for field, value in new.items() if getattr(before, field) != value)
        if changed:
            merged = {field: new.get(field, getattr(before, field)) for field in accepted}
            await db.execute(
                "update people.customer set name = $3, email = $4, locale = $5 where tenant_id = $1 and id = $2",
                tenant,
                customer_id,
                *merged.values(),
            )
            await audit.record(tenant, by, "customer.changed", customer_id, fields=changed)
        return await customer(tenant, customer_id)


async def set_customer_status(tenant: UUID, customer_id: UUID, status: CustomerStatus, *, by: Actor) -> None:
    """Suspend (no new calls), close (for good) or reopen. Raises InvalidInput, NotFound, Conflict (``closed``)."""
    if status not in ("active", "suspended", "closed"):
        raise InvalidInput(f"no such status: {status!r}", field="status")
    async with db.unit(tenant):
        before = await db.fetchval(
            "select status from people.customer where tenant_id = $1 and id = $2 for update", tenant, customer_id
        )
        if before is None:
            raise NotFound("there is no such customer")
        if before == status:
            return
        if before == "closed":
            raise Conflict("a closed customer stays closed", code="closed", field="status")
        await db.execute(
            "update people.customer set status = $3 where tenant_id = $1 and id = $2", tenant, customer_id, status
        )
        await audit.record(tenant, by, "customer.status", customer_id, status=status, before=before)


async def set_plan(tenant: UUID, customer_id: UUID, plan_id: UUID | None, *, by: Actor) -> None:
    """Put a customer on a plan of the reseller, or on none. From the next call rated on. Raises NotFound."""
    async with db.unit(tenant):
        await _own_plan(tenant, plan_id)
        before = await customer(tenant, customer_id)
        if before.plan_id == plan_id:
            return
        await db.execute(
            "update people.customer set plan_id = $3 where tenant_id = $1 and id = $2", tenant, customer_id, plan_id
        )
        await bump_tariffs(tenant)
        await audit.record(tenant, by, "customer.plan", customer_id, plan=str(plan_id or ""))


async def _own_plan(tenant: UUID, plan_id: UUID | None) -> None:
    if plan_id is None:
        return
    there = "select exists (select from tariffs.plan where tenant_id = $1 and id = $2)"
    if not await db.fetchval(there, tenant, plan_id):
        raise NotFound("there is no such plan", field="plan")
