"""Reports of calls in few words, and what has become of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.calls.events import UsageEvent, UsageResult
from askpro.calls.train import book_reports
from askpro.ids import new_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.proof import prove
from askpro.ledger.service import post
from askpro.ledger.transfer import Transfer
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from house import BY

__all__ = ("NOON", "alarms", "call", "credit", "lines", "report", "sums", "wallet")

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


def call(
    identifier: str, customer: str = "NO-1", *, at: datetime = NOON, seconds: float = 60, **more: Any
) -> UsageEvent:
    """An inbound call that rang for two seconds and lasted ``seconds``."""
    answered = at + timedelta(seconds=2)
    values: dict[str, Any] = {
        "id": identifier,
        "customer": customer,
        "direction": "inbound",
        "from_number": "+4989111",
        "to_number": "+4930222",
        "started_at": at,
        "answered_at": answered,
        "ended_at": answered + timedelta(seconds=seconds),
        "source": "pbx",
    }
    return UsageEvent(**(values | more))


async def report(tenant: Tenant, *events: UsageEvent) -> list[UsageResult]:
    """Book these in one batch."""
    return await book_reports(tenant.id, tenant.timezone, events, by=BY)


async def credit(tenant: Tenant, customer: Customer, units: int, key: str = "") -> None:
    """Put money into a wallet (10⁻⁶)."""
    await months.ensure()
    adjustment = account_id(tenant.id, AccountKind.ADJUSTMENT, customer.currency)
    transfer = Transfer(
        tenant=tenant.id, debit=adjustment, credit=customer.wallet_id, amount=units, kind="topup",
        key=key or str(new_id()), day=clock.now().date(), occurred_at=clock.now(), actor=str(BY),
    )  # fmt: skip
    (await post(transfer)).or_raise()


async def wallet(tenant: Tenant, customer: Customer) -> tuple[int, int]:
    """(balance, overrun)."""
    async with db.unit(tenant.id):
        row = await db.fetchrow(
            "select posted, overrun from ledger.wallet where tenant_id = $1 and id = $2", tenant.id, customer.wallet_id
        )
    return row["posted"], row["overrun"]


async def lines(tenant: UUID) -> list[Any]:
    """Every booked call, in the order of the month's seconds."""
    async with db.unit(tenant):
        return await db.fetch(
            "select * from ledger.usage where tenant_id = $1 order by wallet_id, used_before, wallet_seq, id", tenant
        )


async def sums(tenant: UUID) -> dict[str, int]:
    """Transfers by kind: their total."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select kind, sum(amount)::bigint as total from ledger.transfer where tenant_id = $1 group by kind", tenant
        )
    return {row["kind"]: row["total"] for row in rows}


async def alarms(tenant: UUID) -> list[str]:
    """What the proof finds wrong."""
    return [str(found) for found in await prove(tenant) if found.alarm]
