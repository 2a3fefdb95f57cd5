"""Publishing prices. What was published is never changed; what has begun is never changed for the past."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.people.customers import set_plan as assign_plan
from askpro.tariffs import content as contents
from askpro.tariffs.card import Level
from askpro.tariffs.queries import Plan, blocked_prefixes
from askpro.tariffs.selling import BelowWholesale, sold_below
from askpro.tenancy import audit, checks
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.service import bump_tariffs

__all__ = ("Published", "assign_plan", "create_plan", "publish_version", "rename_plan", "set_blocked")

_GRACE = timedelta(minutes=1)
"""*From now on* takes a moment to arrive here."""


@dataclass(frozen=True, slots=True)
class Published:
    """A new version, and where it sells below wholesale from its beginning on (D4)."""

    id: UUID
    effective_from: datetime
    below_wholesale: tuple[BelowWholesale, ...]


async def publish_version(
    tenant: UUID,
    level: Level,
    owner_id: UUID | None,
    currency: str,
    effective_from: datetime,
    content: Mapping[str, Any],
    *,
    by: Actor,
    hard_floor: bool = False,
    note: str = "",
) -> Published:
    """Publish prices from an instant on.

    Args:
        tenant: the reseller; ``PLATFORM`` for wholesale.
        level: ``RESELLER`` (all customers), ``PLAN``, ``CUSTOMER``, or ``PLATFORM`` (what resellers pay).
        owner_id: the plan, the customer, or the one reseller a wholesale list is for; else None.
        effective_from: an instant; civil dates are turned into one by the caller, in the tenant's zone.
        content: see ``askpro.tariffs.content``.
        hard_floor: refuse a price below cost at the first increment instead of reporting it.

    Raises InvalidInput (``prices_wrong``, ``below_wholesale``) naming the key, NotFound for an owner that is not there,
    Conflict (``prices_in_the_past``) when calls may have been priced by what would change.
    """
    canonical = contents.accepted(content, level)
    _check_place(tenant, level, owner_id, canonical)
    if effective_from.tzinfo is None:
        raise InvalidInput("an instant needs a zone", field="effective_from")
    identifier = new_id()
    if level is Level.PLATFORM:
        await _check_reseller(owner_id)
        whole = db.platform_unit("publish wholesale prices", actor=str(by))  # it concerns every reseller
    else:
        whole = db.unit(tenant)
    async with whole:  # what the guard refuses is rolled back
        async with db.unit(tenant):
            await bump_tariffs(tenant)  # also the lock: one publication after the other
            await _check_owner(tenant, level, owner_id)
            await _check_past(tenant, level, owner_id, currency, effective_from)
            await db.execute(
                "insert into tariffs.version (tenant_id, id, level, owner_id, currency, effective_from, content,"
                " digest, note, published_at, published_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                tenant,
                identifier,
                level,
                owner_id,
                checks.currency(currency),
                effective_from,
                canonical,
                contents.digest(canonical),
                note,
                clock.now(),
                str(by),
            )
            detail = {"level": level, "owner": str(owner_id or ""), "effective_from": effective_from.isoformat()}
            await audit.record(tenant, by, "prices.published", identifier, **detail)
        found = await sold_below(tenant, level, owner_id, currency, effective_from, hard_floor=hard_floor)
    return Published(identifier, effective_from, found)


async def create_plan(tenant: UUID, code: str, name: str, *, by: Actor) -> Plan:
    """A plan to publish prices for. Raises InvalidInput, DuplicateKey (``plan_taken``)."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", code, re.ASCII):
        raise InvalidInput("a plan's code has a-z, 0-9 and -", field="code")
    plan = Plan(new_id(), code, checks.name(name))
    try:
        async with db.unit(tenant):
            await db.execute(
                "insert into tariffs.plan (tenant_id, id, code, name, created_at) values ($1, $2, $3, $4, $5)",
                tenant,
                plan.id,
                plan.code,
                plan.name,
                clock.now(),
            )
            await audit.record(tenant, by, "plan.created", plan.id, code=code)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKey(f"there is a plan {code!r} already", code="plan_taken", field="code") from error
    return plan


async def rename_plan(tenant: UUID, plan_id: UUID, name: str, *, by: Actor) -> None:
    """Give a plan another name; its code stays. Raises InvalidInput, NotFound."""
    async with db.unit(tenant):
        tag = await db.execute(
            "update tariffs.plan set name = $3 where tenant_id = $1 and id = $2", tenant, plan_id, checks.name(name)
        )
        if tag != "UPDATE 1":
            raise NotFound("there is no such plan")
        await audit.record(tenant, by, "plan.renamed", plan_id, name=name)


async def set_blocked(prefixes: Mapping[str, str], *, by: Actor) -> None:
    """Exactly these destinations (prefix → reason) may be called by nobody, from now on. Raises InvalidInput."""
    contents.accepted({"blocked": sorted(prefixes)}, Level.PLATFORM)
    if dict(prefixes) == await blocked_prefixes():
        return
    async with db.platform_unit("set blocked prefixes", actor=str(by)):
        await bump_tariffs(PLATFORM)
        await db.execute("delete from tariffs.blocked_prefix where prefix <> all($1)", sorted(prefixes))
        await db.executemany(
            "insert into tariffs.blocked_prefix (prefix, reason) values ($1, $2)"
            " on conflict (prefix) do update set reason = excluded.reason",
            sorted(prefixes.items()),
        )
        await audit.record(PLATFORM, by, "prefixes.blocked", "", prefixes=sorted(prefixes))


def _check_place(tenant: UUID, level: Level, owner_id: UUID | None, content: contents.Content) -> None:
    if (level is Level.PLATFORM) != (tenant == PLATFORM):
        raise InvalidInput("wholesale prices are the platform's, all others a reseller's", field="level")
    if level is Level.RESELLER and owner_id is not None:
        raise InvalidInput("a reseller's price list has no other owner", field="owner_id")
    if level in (Level.PLAN, Level.CUSTOMER) and owner_id is None:
        raise InvalidInput(f"a {level} price list names its owner", field="owner_id")
    if "increments" not in content and (level is Level.RESELLER or (level is Level.PLATFORM and owner_id is None)):
        raise InvalidInput("increments: the last level that is asked has to set them", field="increments")


async def _check_reseller(owner_id: UUID | None) -> None:
    if owner_id is None:
        return
    async with db.unit(owner_id):
        if not await db.fetchval("select exists (select from tenancy.tenant where id = $1)", owner_id):
            raise NotFound("there is no such reseller", field="owner_id")


async def _check_owner(tenant: UUID, level: Level, owner_id: UUID | None) -> None:
    if level is Level.PLAN:
        there = "select exists (select from tariffs.plan where tenant_id = $1 and id = $2)"
    elif level is Level.CUSTOMER:
        there = "select exists (select from people.customer where tenant_id = $1 and id = $2)"
    else:
        return
    if not await db.fetchval(there, tenant, owner_id):
        raise NotFound(f"there is no such {level}", field="owner_id")


async def _check_past(
    tenant: UUID, level: Level, owner_id: UUID | None, currency: str, effective_from: datetime
) -> None:
    """The first list of an owner may begin in the past: nothing was priced by it. Any other begins now or later."""
    now = clock.now()
    if effective_from >= now - _GRACE:
        return
    if await db.fetchval(
        "select exists (select from tariffs.version where tenant_id = $1 and level = $2"
        " and owner_id is not distinct from $3 and currency = $4 and effective_from <= $5)",
        tenant,
        level,
        owner_id,
        currency,
        now,
    ):
        raise Conflict(
            "prices hold already for that time: new ones begin now or later",
            code="prices_in_the_past",
            field="effective_from",
        )
