"""Adjustments, and bonus credit that waits among them, as they stand in the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.money import Money

__all__ = (
    "COLUMNS", "Adjustment", "AdjustmentKind", "AdjustmentState", "adjustment_of", "facts", "of_tenant", "one",
    "row_of",
)  # fmt: skip

AdjustmentKind: TypeAlias = Literal["adjustment", "promo"]
AdjustmentState: TypeAlias = Literal["waiting", "booked", "rejected"]

COLUMNS = (
    "id, customer_id, wallet_id, amount, currency, reason, state, proposed_by, decided_by, created_at, decided_at,"
    " attachment_name, decision, transfer_id, balance_after, proposer, kind, priority, expires_at, alone, idempotency"
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """``decided_by`` empty and booked: it lay within what one person may book alone. ``decision``: why it was rejected.

    ``balance_before`` and ``balance_after`` are the wallet's when it was booked. Of kind ``promo`` it is bonus credit
    beyond the limit, with its terms; when it is booked, ``transfer_id`` is the grant's id.
    """

    id: UUID
    customer_id: UUID
    wallet_id: UUID
    amount: Money
    reason: str
    state: AdjustmentState
    by: str
    decided_by: str
    created_at: datetime
    decided_at: datetime | None
    attachment_name: str
    decision: str
    transfer_id: UUID | None
    balance_before: Money | None
    balance_after: Money | None
    kind: AdjustmentKind = "adjustment"
    priority: int = 0
    expires_at: datetime | None = None


async def of_tenant(
    tenant: UUID,
    *,
    waiting_only: bool = False,
    customer: UUID | None = None,
    state: str = "",
    before: UUID | None = None,
    limit: int = 50,
) -> list[Adjustment]:
    """Adjustments, latest first; ``before``: the last one seen."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {COLUMNS} from wallets.adjustment where tenant_id = $1 and ($2 = '' or state = $2)"  # noqa: S608
            " and ($3::uuid is null or customer_id = $3) and ($4::uuid is null or id < $4) order by id desc limit $5",
            tenant,
            "waiting" if waiting_only else state,
            customer,
            before,
            limit,
        )
    return [adjustment_of(row) for row in rows]


async def one(tenant: UUID, adjustment: UUID) -> Adjustment:
    """Raises NotFound."""
    async with db.unit(tenant):
        return adjustment_of(await row_of(tenant, adjustment))


async def row_of(tenant: UUID, adjustment: UUID, *, lock: bool = False) -> Any:
    """The columns of ``COLUMNS``, in the open unit; ``lock``: it is nobody else's until that ends. Raises NotFound."""
    row = await db.fetchrow(
        f"select {COLUMNS} from wallets.adjustment where tenant_id = $1 and id = $2"  # noqa: S608 - constants
        + (" for update" if lock else ""),
        tenant,
        adjustment,
    )
    if row is None:
        raise NotFound("there is no such adjustment")
    return row


def adjustment_of(row: Any) -> Adjustment:
    """A row with the columns of ``COLUMNS``."""
    currency, after = row["currency"], row["balance_after"]
    return Adjustment(
        row["id"], row["customer_id"], row["wallet_id"], Money(row["amount"], currency), row["reason"], row["state"],
        row["proposed_by"], row["decided_by"], row["created_at"], row["decided_at"], row["attachment_name"],
        row["decision"], row["transfer_id"], None if after is None else Money(after - row["amount"], currency),
        None if after is None else Money(after, currency), row["kind"], row["priority"], row["expires_at"],
    )  # fmt: skip


def facts(done: Adjustment) -> dict[str, Any]:
    """The payload of the events about it."""
    return {
        "adjustment": str(done.id),
        "customer": str(done.customer_id),
        "wallet": str(done.wallet_id),
        "amount": done.amount.units,
        "currency": done.amount.currency,
        "reason": done.reason,
        "by": done.by,
        "kind": done.kind,
    }
