"""Who is answerable for what an actor does, and what one person may book alone."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, NotAllowed
from askpro.money import Money
from askpro.tenancy.model import Tenant

__all__ = ("alone", "answerable", "require_second")

_USUAL = "100"
_PEOPLE = ("person", "operator")


async def answerable(tenant: UUID, actor: Actor | str) -> str:
    """The person behind an actor: for an API key whoever made it, however many keys made keys in between.

    A job or plugin answers for itself, and counts as nobody where a second person is asked for.
    """
    found = str(actor)
    seen: set[str] = set()
    while found.startswith("key:") and found not in seen:
        seen.add(found)
        maker = await db.fetchval(
            "select created_by from people.api_key where tenant_id = $1 and id::text = $2",
            tenant,
            found.removeprefix("key:"),
        )
        if maker is None:
            break
        found = maker
    return found


def require_second(proposer: str, decider: str) -> None:
    """Raises NotAllowed (``second_person_needed``) unless ``decider`` is a person and not the proposer."""
    if decider == proposer or decider.partition(":")[0] not in _PEOPLE:
        raise NotAllowed(
            "who proposed it, or made the key it was proposed with, cannot approve it",
            code="second_person_needed",
            title=N_("A second person has to decide this."),
        )


async def alone(tenant: Tenant, customer: UUID, currency: str, person: str) -> Money:
    """What this person may still book or give today to this customer without anybody else.

    The limit counts the whole civil day, adjustments and promotional credit together, or ten small bookings would do
    what one large one may not.
    """
    usual = _USUAL if currency == tenant.currency else "0"
    limit = Money.of(Decimal(tenant.settings.adjustment_limits.get(currency, usual)), currency)
    since, until = clock.day_bounds(clock.civil_day(clock.now(), tenant.timezone), tenant.timezone)
    booked = await db.fetchval(
        "select (select coalesce(sum(abs(amount)), 0) from wallets.adjustment where tenant_id = $1 and customer_id = $2"
        "         and currency = $3 and proposer = $4 and state = 'booked' and decider = '' and created_at >= $5"
        "         and created_at < $6)::bigint"
        "     + (select coalesce(sum(amount), 0) from wallets.promo where tenant_id = $1 and customer_id = $2"
        "         and currency = $3 and granter = $4 and approver = '' and created_at >= $5"
        "         and created_at < $6)::bigint",
        tenant.id,
        customer,
        currency,
        person,
        since,
        until,
    )
    return Money(max(0, limit.units - booked), currency)
