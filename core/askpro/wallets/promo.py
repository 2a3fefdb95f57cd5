"""Promotional credit: granted once, used before paid money (D5), gone when its time is over (``promo_expiry``).

What one person may give alone has a limit, the same as for adjustments; beyond it a second person has to approve.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from askpro.wallets import checks, promo_booking, told
from askpro.wallets.adjustment_rows import COLUMNS, Adjustment, adjustment_of
from askpro.wallets.adjustments import ask_for_promo
from askpro.wallets.four_eyes import alone, answerable
from askpro.wallets.promo_booking import Grant

__all__ = ("Promo", "PromoState", "end_of", "grant", "of_customer")

PromoState: TypeAlias = Literal["granted", "waiting", "rejected"]
_HIGHEST = 1_000
_SELECT = (
    "select p.id, p.customer_id, p.wallet_id, p.currency, p.amount, b.rest, p.priority, p.expires_at, p.reason,"
    " p.granted_by, p.created_at, p.expired"
    " from wallets.promo p join ledger.bucket b on b.tenant_id = p.tenant_id and b.id = p.id"
)


@dataclass(frozen=True, slots=True)
class Promo:
    """A grant. ``rest``: not used and not expired yet; ``expired``: taken back when its time was over.

    ``waiting`` for a second person, or ``rejected``: nothing is given, and the adjustment of that id says more.
    """

    id: UUID
    customer_id: UUID
    wallet_id: UUID
    amount: Money
    rest: Money
    expired: Money
    priority: int
    expires_at: datetime | None
    reason: str
    by: str
    created_at: datetime
    state: PromoState = "granted"


def end_of(day: date, zone: str) -> datetime:
    """The instant at which the civil day ``day`` is over in that zone: to say "to be used until 31 March".

    Raises InvalidInput for a day of another age.
    """
    if not 2000 <= day.year < 2200:
        title = N_("Please choose another day.")
        raise InvalidInput("before 2200", code="expires_out_of_bounds", title=title, field="expires_on")
    return clock.day_bounds(day, zone)[1]


async def grant(
    tenant: Tenant,
    customer: Customer,
    amount: Money,
    *,
    expires_at: datetime | None,
    priority: int = 0,
    reason: str,
    idempotency: str,
    by: Actor,
) -> Promo:
    """Give a customer credit that is not money: it is never paid back, and used before what was paid.

    What ``by`` may give alone is booked at once; everything else waits for a second person, among the adjustments.

    Args:
        expires_at: when the rest goes; None: never.
        priority: what is lower is used first (D5).
        reason: 3 to 500 characters; the customer reads it in the statement.
        idempotency: the same key of the same customer is the same grant.

    Raises InvalidInput (also ``idempotency_key_reused``), Conflict (``closed``).
    """
    text, now = checks.reason(reason), clock.now()
    checks.key(idempotency)
    checks.currency(customer, amount)
    _check(amount, expires_at, priority, now)
    async with db.unit(tenant.id):
        await checks.open_customer(tenant.id, customer.id)
        await told.lock(tenant.id, customer.wallet_id)  # what one person gives alone is counted one by one
        earlier = await _earlier(tenant.id, customer.id, idempotency, (amount, expires_at, priority, text))
        if earlier is not None:
            return earlier
        person = await answerable(tenant.id, by)
        allowed = await alone(tenant, customer.id, amount.currency, person)
        asked = Grant(
            id=new_id(), customer=customer.id, wallet=customer.wallet_id, amount=amount, priority=priority,
            expires_at=expires_at, reason=text, idempotency=idempotency, by=str(by), granter=person,
            alone=allowed.units,
        )  # fmt: skip
        if amount.units > allowed.units:
            return _asked(await ask_for_promo(tenant, asked, by=by))
        await promo_booking.book(tenant, asked, by=by)
        made = await db.fetchrow(f"{_SELECT} where p.tenant_id = $1 and p.id = $2", tenant.id, asked.id)
    return _promo(made)


async def of_customer(
    tenant: UUID, customer: UUID, *, before: UUID | None = None, limit: int = 50, open_only: bool = False
) -> list[Promo]:
    """Grants of a customer, latest first; ``before``: the last one seen. ``open_only``: those with something left."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"{_SELECT} where p.tenant_id = $1 and p.customer_id = $2 and ($3::uuid is null or p.id < $3)"
            " and (not $4 or b.rest > 0) order by p.id desc limit $5",
            tenant,
            customer,
            before,
            open_only,
            limit,
        )
    return [_promo(row) for row in rows]


async def _earlier(tenant: UUID, customer: UUID, idempotency: str, wanted: tuple[object, ...]) -> Promo | None:
    """What became of the same key before. Raises InvalidInput (``idempotency_key_reused``)."""
    row = await db.fetchrow(
        f"{_SELECT} where p.tenant_id = $1 and p.customer_id = $2 and p.idempotency = $3", tenant, customer, idempotency
    )
    if row is not None:
        found = _promo(row)
    else:
        row = await db.fetchrow(
            f"select {COLUMNS} from wallets.adjustment where tenant_id = $1 and customer_id = $2"  # noqa: S608 - constants
            " and kind = 'promo' and idempotency = $3",
            tenant,
            customer,
            idempotency,
        )
        if row is None:
            return None
        found = _asked(adjustment_of(row))
    if (found.amount, found.expires_at, found.priority, found.reason) != wanted:
        raise InvalidInput("this key belongs to another grant", code="idempotency_key_reused", field="idempotency_key")
    return found


def _asked(one: Adjustment) -> Promo:
    """Bonus credit that is not given, as yet or ever."""
    nothing = Money(0, one.amount.currency)
    return Promo(
        one.id, one.customer_id, one.wallet_id, one.amount, nothing, nothing, one.priority, one.expires_at, one.reason,
        one.by, one.created_at, "rejected" if one.state == "rejected" else "waiting",
    )  # fmt: skip


def _promo(row: Any) -> Promo:
    currency = row["currency"]
    return Promo(
        row["id"], row["customer_id"], row["wallet_id"], Money(row["amount"], currency), Money(row["rest"], currency),
        Money(row["expired"], currency), row["priority"], row["expires_at"], row["reason"], row["granted_by"],
        row["created_at"],
    )  # fmt: skip


def _check(amount: Money, expires_at: datetime | None, priority: int, now: datetime) -> None:
    if amount.units <= 0:
        raise InvalidInput("more than nothing", code="amount_not_positive", field="amount")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        title = N_("This day is over already.")
        raise InvalidInput("an instant in the future", code="expires_in_the_past", title=title, field="expires_at")
    if abs(priority) > _HIGHEST:
        raise InvalidInput(f"from -{_HIGHEST} to {_HIGHEST}", field="priority")
