"""Caps on calls and spending, set by the reseller.

``concurrent`` and ``per_second`` count calls under control, the latter by the clock's whole seconds; ``longest`` is in
seconds; spending caps are 10⁻⁶ of the customer's (reseller's) currency, by civil day, week from Monday, and month, of
the day a call began. Where several hold, the strictest wins.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec import Struct, structs

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import InvalidInput
from askpro.ledger import holds
from askpro.people.queries import customer
from askpro.tenancy import audit
from askpro.tenancy.queries import tenant_by_id

__all__ = ("Caps", "Scope", "caps_of", "is_number", "set_caps")

Scope: TypeAlias = Literal["reseller", "customer", "number"]
_E164 = re.compile(r"\+[1-9]\d{2,14}", re.ASCII)


class Caps(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is None is not capped. A soft cap warns, a hard one refuses."""

    concurrent: int | None = None
    per_second: int | None = None
    longest: int | None = None
    day_soft: int | None = None
    day_hard: int | None = None
    week_soft: int | None = None
    week_hard: int | None = None
    month_soft: int | None = None
    month_hard: int | None = None


def is_number(text: str) -> bool:
    """Whether that is a telephone number in E.164, as in ``+4930123``."""
    return _E164.fullmatch(text) is not None


async def set_caps(tenant: UUID, scope: Scope, subject: UUID | str, caps: Caps, *, by: Actor) -> None:
    """Set all caps of the reseller (subject ""), a customer (its id) or one of its numbers (E.164).

    Raises InvalidInput, NotFound.
    """
    chosen = {name: value for name, value in structs.asdict(caps).items() if value is not None}
    for name, value in chosen.items():
        if value < (1 if name == "longest" else 0):
            raise InvalidInput(f"{value} is no cap", field=name)
    for period in ("day", "week", "month"):
        if chosen.get(f"{period}_soft", 0) > chosen.get(f"{period}_hard", 2**63):
            raise InvalidInput("a soft cap lies below the hard one", field=f"{period}_soft")
    if scope == "number" and any(name.endswith(("_soft", "_hard")) for name in chosen):
        raise InvalidInput("spending is capped for customers and resellers", field="scope")
    async with db.unit(tenant):
        own = await tenant_by_id(tenant)
        name, currency = str(subject), own.currency
        if scope == "customer":
            if not isinstance(subject, UUID):
                raise InvalidInput("a customer is named by its id", field="subject")
            found = await customer(tenant, subject)
            name, currency = str(found.wallet_id), found.currency
        elif (scope == "reseller") != (name == ""):
            raise InvalidInput("a reseller's caps have no subject, a number's do", field="subject")
        elif scope == "number" and not is_number(name):
            raise InvalidInput("a number is written like +4930123", field="number")
        today = clock.civil_day(clock.now(), own.timezone)
        await holds.set_limit(tenant, scope, name, currency, chosen, today=today)
        await audit.record(tenant, by, "calls.caps", subject, scope=scope, caps=chosen)


async def caps_of(tenant: UUID) -> list[tuple[str, str, Caps]]:
    """(scope, subject, caps) of all; a customer's subject is its wallet's id."""
    names = Caps.__struct_fields__
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select scope, subject, {', '.join(names)} from ledger.call_limit"  # noqa: S608 - our own names
            " where tenant_id = $1 order by scope desc, subject",
            tenant,
        )
    return [(row["scope"], row["subject"], Caps(*(row[name] for name in names))) for row in rows]
