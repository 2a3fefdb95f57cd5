"""Promotional credit: granted once, used before paid money (D5), gone when its time is over (``promo_expiry``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, InvalidInput
from askpro.events import emit
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Bucket, Transfer
from askpro.money import Money
from askpro.people.model import Customer
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant
from askpro.wallets import checks

__all__ = ("Promo", "end_of", "facts", "grant", "of_customer")

_HIGHEST = 1_000
_SELECT = (
    "select p.id, p.customer_id, p.wallet_id, p.currency, p.amount, b.rest, p.priority, p.expires_at, p.reason,"
    " p.granted_by, p.created_at, p.expired"
    " from wallets.promo p join ledger.bucket b on b.tenant_id = p.tenant_id and b.id = p.id"
)


@dataclass(frozen=True, slots=True)
class Promo:
    """A grant. ``rest``: not used and not expired yet; ``expired``: taken back when its time was over."""

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
        await checks.open_customer(tenant.id, customer)
        expense = await ledger.ensure_account(tenant.id, AccountKind.PROMO_EXPENSE, amount.currency)
        identifier = await db.fetchval(
            "insert into wallets.promo (tenant_id, id, customer_id, wallet_id, currency, amount, priority, expires_at,"
            " reason, idempotency, granted_by, created_at, warn_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning id",
            tenant.id, new_id(), customer.id, customer.wallet_id, amount.currency, amount.units, priority, expires_at,
            text, idempotency, str(by), now, _warn_at(tenant, expires_at, now),
        )  # fmt: skip
        if identifier is None:
            return await _earlier(tenant.id, customer.id, idempotency, (amount, expires_at, priority, text))
        transfer = Transfer(
            tenant=tenant.id, id=identifier, debit=expense, credit=customer.wallet_id, amount=amount.units,
            kind="promo", key=str(identifier), day=clock.civil_day(now, tenant.timezone), occurred_at=now,
            actor=str(by), reason=text, bucket=Bucket("promo", priority, expires_at),
        )  # fmt: skip
        (await ledger.post(transfer)).or_raise()
        made = await db.fetchrow(f"{_SELECT} where p.tenant_id = $1 and p.id = $2", tenant.id, identifier)
        await audit.record(
            tenant.id, by, "promo.granted", identifier, customer=str(customer.id), amount=amount.units,
            expires_at=expires_at.isoformat() if expires_at else None,
        )  # fmt: skip
        await emit("promo.granted", facts(made, amount.units), tenant=tenant.id)
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


def facts(row: Mapping[str, Any], units: int) -> dict[str, Any]:
    """The payload of the events about a grant; ``units`` (10⁻⁶) is what the event is about."""
    return {
        "promo": str(row["id"]),
        "customer": str(row["customer_id"]),
        "wallet": str(row["wallet_id"]),
        "amount": units,
        "currency": row["currency"],
        "expires_at": row["expires_at"].isoformat() if row["expires_at"] else None,
        "reason": row["reason"],
    }


async def _earlier(tenant: UUID, customer: UUID, idempotency: str, wanted: tuple[object, ...]) -> Promo:
    found = _promo(
        await db.fetchrow(
            f"{_SELECT} where p.tenant_id = $1 and p.customer_id = $2 and p.idempotency = $3",
            tenant,
            customer,
            idempotency,
        )
    )
    if (found.amount, found.expires_at, found.priority, found.reason) != wanted:
        raise InvalidInput("this key belongs to another grant", code="idempotency_key_reused", field="idempotency_key")
    return found


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


def _warn_at(tenant: Tenant, expires_at: datetime | None, now: datetime) -> datetime | None:
    """As many civil days before the end as the tenant wants. A grant that is shorter than that says its end itself."""
    days = tenant.settings.promo_notice_days
    if expires_at is None or days == 0:
        return None
    at = expires_at.astimezone(clock.zone(tenant.timezone)) - timedelta(days=days)  # by the clock on the wall
    return at if at > now else None
