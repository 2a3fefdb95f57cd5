"""The people who sign in: for a customer or as staff of the reseller."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import DuplicateKey, InvalidInput, NotAuthenticated, NotFound
from askpro.ids import new_id
from askpro.people import checks, passwords, sessions
from askpro.people.model import Person, Role
from askpro.people.queries import person
from askpro.tenancy import audit

__all__ = ("add_person", "disable_person", "set_password", "set_preferences", "sign_in")


async def add_person(
    tenant: UUID,
    email: str,
    *,
    by: Actor,
    role: Role = "customer",
    customer_id: UUID | None = None,
    name: str = "",
    password: str = "",
    locale: str = "",
) -> Person:
    """Somebody who may sign in; without a password only after one was set.

    Raises InvalidInput, DuplicateKey (``email_taken``), NotFound for a customer that is not there.
    """
    if (role == "customer") != (customer_id is not None):
        raise InvalidInput("a customer's person names the customer, staff names none", field="role")
    identifier, address = new_id(), checks.email(email)
    stored = await passwords.hashed(passwords.accepted(password, address, name)) if password else ""
    try:
        async with db.unit(tenant):
            if customer_id is not None and not await db.fetchval(
                "select exists (select from people.customer where tenant_id = $1 and id = $2)", tenant, customer_id
            ):
                raise NotFound("there is no such customer", field="customer")
            await db.execute(
                "insert into people.person (tenant_id, id, customer_id, email, name, role, password_hash, locale,"
                " created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                tenant,
                identifier,
                customer_id,
                address,
                name.strip(),
                role,
                stored,
                checks.locale(locale),
                clock.now(),
            )
            await audit.record(tenant, by, "person.added", identifier, role=role)
            return await person(tenant, identifier)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKey("somebody with this e-mail address exists", code="email_taken", field="email") from error


async def sign_in(tenant: UUID, email: str, password: str) -> Person:
    """Who has this address and password with this tenant.

    Raises NotAuthenticated, always the same and after the same work, whether the address is unknown, the password
    wrong, the person disabled or the customer closed. Limiting attempts is the caller's business.
    """
    address = email.strip().lower()[:254].replace("\0", "?")  # the database takes every character but this one
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select p.id, p.password_hash, p.status = 'active' and coalesce(c.status, 'active') <> 'closed' as open"
            " from people.person p left join people.customer c on c.tenant_id = p.tenant_id and c.id = p.customer_id"
            " where p.tenant_id = $1 and p.email = $2",
            tenant,
            address,
        )
    stored = row["password_hash"] if row is not None else ""
    right, outdated = await passwords.verified(password, stored)
    if row is None or not right or not row["open"]:
        raise NotAuthenticated(code="wrong_credentials")
    fresh = await passwords.hashed(password) if outdated else None
    async with db.unit(tenant):
        await db.execute(
            "update people.person set last_sign_in = $3,"
            # somebody may have set another password while this one was verified
            " password_hash = case when $4::text is not null and password_hash = $5 then $4 else password_hash end"
            " where tenant_id = $1 and id = $2",
            tenant,
            row["id"],
            clock.now(),
            fresh,
            stored,
        )
        return await person(tenant, row["id"])


async def set_password(tenant: UUID, person_id: UUID, password: str, *, by: Actor) -> None:
    """Set a password and end every session of the person. Raises InvalidInput, NotFound."""
    known = await person(tenant, person_id)
    stored = await passwords.hashed(passwords.accepted(password, known.email, known.name))
    async with db.unit(tenant):
        await db.execute(
            "update people.person set password_hash = $3 where tenant_id = $1 and id = $2", tenant, person_id, stored
        )
        await sessions.revoke_all(tenant, person_id)
        await audit.record(tenant, by, "person.password", person_id)


async def set_preferences(
    tenant: UUID, person_id: UUID, *, locale: str | None = None, scheme: str | None = None
) -> None:
    """Language (empty: the customer's) and ``light``, ``dark`` or empty. Raises InvalidInput."""
    if scheme not in (None, "", "light", "dark"):
        raise InvalidInput(f"no such scheme: {scheme!r}", field="scheme")
    async with db.unit(tenant):
        await db.execute(
            "update people.person set locale = coalesce($3, locale), scheme = coalesce($4, scheme)"
            " where tenant_id = $1 and id = $2",
            tenant,
            person_id,
            None if locale is None else checks.locale(locale),
            scheme,
        )


async def disable_person(tenant: UUID, person_id: UUID, *, by: Actor) -> None:
    """Nobody signs in as this person any more; open sessions end. Raises NotFound."""
    async with db.unit(tenant):
        await person(tenant, person_id)
        await db.execute(
            "update people.person set status = 'disabled' where tenant_id = $1 and id = $2", tenant, person_id
        )
        await sessions.revoke_all(tenant, person_id)
        await audit.record(tenant, by, "person.disabled", person_id)
