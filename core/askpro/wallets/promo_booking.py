"""Writing a grant of promotional credit down and booking it, once it is known that it may be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.events import emit
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Bucket, Posting, Transfer
from askpro.money import Money
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant

__all__ = ("Grant", "book", "facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is to be given. ``granter`` and ``approver`` are people; without an approver it is within ``alone``."""

    id: UUID
    customer: UUID
    wallet: UUID
    amount: Money
    priority: int
    expires_at: datetime | None
    reason: str
    idempotency: str
    by: str
    granter: str
    alone: int
    approver: str = ""


async def book(tenant: Tenant, grant: Grant, *, by: Actor) -> Posting:
    """Write it down, book it, tell of it, in the open unit. ``by``: who books, that is who approves or gives."""
    now, amount = clock.now(), grant.amount
    expense = await ledger.ensure_account(tenant.id, AccountKind.PROMO_EXPENSE, amount.currency)
    await db.execute(
        "insert into wallets.promo (tenant_id, id, customer_id, wallet_id, currency, amount, priority, expires_at,"
        " reason, idempotency, granted_by, created_at, warn_at, granter, alone, approver)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        tenant.id, grant.id, grant.customer, grant.wallet, amount.currency, amount.units, grant.priority,
        grant.expires_at, grant.reason, grant.idempotency, grant.by, now, _warn_at(tenant, grant.expires_at, now),
        grant.granter, grant.alone, grant.approver,
    )  # fmt: skip
    transfer = Transfer(
        tenant=tenant.id, id=grant.id, debit=expense, credit=grant.wallet, amount=amount.units, kind="promo",
        key=str(grant.id), day=clock.civil_day(now, tenant.timezone), occurred_at=now, actor=str(by),
        reason=grant.reason, bucket=Bucket("promo", grant.priority, grant.expires_at),
    )  # fmt: skip
    posting = (await ledger.post(transfer)).or_raise()
    await audit.record(
        tenant.id, by, "promo.granted", grant.id, customer=str(grant.customer), amount=amount.units,
        expires_at=grant.expires_at.isoformat() if grant.expires_at else None,
    )  # fmt: skip
    row = {"id": grant.id, "customer_id": grant.customer, "wallet_id": grant.wallet, "currency": amount.currency,
           "expires_at": grant.expires_at, "reason": grant.reason}  # fmt: skip
    await emit("promo.granted", facts(row, amount.units), tenant=tenant.id)
    return posting


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


def _warn_at(tenant: Tenant, expires_at: datetime | None, now: datetime) -> datetime | None:
    """As many civil days before the end as the tenant wants. A grant that is shorter than that says its end itself."""
    days = tenant.settings.promo_notice_days
    if expires_at is None or days == 0:
        return None
    at = expires_at.astimezone(clock.zone(tenant.timezone)) - timedelta(days=days)  # by the clock on the wall
    return at if at > now else None
