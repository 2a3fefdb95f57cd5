"""Reading the books: wallets, statements, buckets. All need an open unit of the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from askpro import db
from askpro.errors import NotFound

__all__ = (
    "BucketRest", "StatementLine", "Wallet", "buckets", "own_wallet", "statement", "wallet", "wallet_of", "wallets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet's balance, in 10⁻⁶ of its currency."""

    id: UUID
    customer_id: UUID
    currency: str
    posted: int
    held: int
    credit_line: int
    overrun: int
    seq: int
    frozen: bool

    @property
    def available(self) -> int:
        """What can be spent now."""
        return self.posted - self.held + self.credit_line


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A transfer as its wallet sees it: signed amount and the balance after it."""

    id: UUID
    kind: str
    amount: int
    balance: int
    seq: int
    day: date
    occurred_at: datetime
    booked_at: datetime
    reason: str
    key: str | None
    calls: int
    reverses: UUID | None


@dataclass(frozen=True, slots=True)
class BucketRest:
    """What is left of one credit."""

    id: UUID
    kind: str
    priority: int
    expires_at: datetime | None
    granted: int
    rest: int


_WALLET = "select id, customer_id, currency, posted, held, credit_line, overrun, seq, frozen from ledger.wallet"


async def wallet(tenant: UUID, wallet_id: UUID) -> Wallet:
    """Raises NotFound."""
    row = await db.fetchrow(f"{_WALLET} where tenant_id = $1 and id = $2", tenant, wallet_id)
    if row is None:
        raise NotFound
    return Wallet(*row)


async def wallets(tenant: UUID, wallet_ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """Those that are there, in one query."""
    rows = await db.fetch(f"{_WALLET} where tenant_id = $1 and id = any($2)", tenant, list(wallet_ids))
    return {row["id"]: Wallet(*row) for row in rows}


async def wallet_of(tenant: UUID, customer_id: UUID, currency: str) -> Wallet:
    """The customer's wallet in that currency. Raises NotFound."""
    row = await db.fetchrow(
        f"{_WALLET} where tenant_id = $1 and customer_id = $2 and currency = $3", tenant, customer_id, currency
    )
    if row is None:
        raise NotFound
    return Wallet(*row)


async def own_wallet(tenant: UUID) -> Wallet | None:
    """The wallet out of which the reseller itself pays in advance; None: it pays afterwards."""
    row = await db.fetchrow(
        f"{_WALLET} where tenant_id = $1"  # noqa: S608 - our own columns
        " and id = (select wallet_id from ledger.funding where tenant_id = $1 and until is null)",
        tenant,
    )
    return None if row is None else Wallet(*row)


async def statement(
    tenant: UUID,
    wallet_id: UUID,
    *,
    limit: int = 50,
    before: tuple[int, date, UUID] | None = None,
    since: date | None = None,
    until: date | None = None,
    kinds: tuple[str, ...] = (),
) -> list[StatementLine]:
    """The wallet's transfers, latest first. ``since`` and ``until`` are civil days ``[since, until)``.

    ``before`` is (seq, day, id) of the last line seen: the page goes on after it.

    Usage transfers of one train share a ``seq``; they are ordered by day within it, which is how they were booked.
    """
    rows = await db.fetch(
        """
        select id, kind, amount, balance, seq, day, occurred_at, booked_at, reason, key, calls, reverses from (
          select id, kind, -amount as amount, debit_balance as balance, debit_seq as seq, day, occurred_at, booked_at,
                 reason, key, calls, reverses
            from ledger.transfer where tenant_id = $1 and debit_account = $2 and debit_seq is not null
          union all
          select id, kind, amount, credit_balance, credit_seq, day, occurred_at, booked_at, reason, key, calls, reverses
            from ledger.transfer where tenant_id = $1 and credit_account = $2 and credit_seq is not null
        ) lines
        where ($3::bigint is null or (seq, day, id) < ($3, $8::date, $9::uuid))
          and ($4::date is null or day >= $4) and ($5::date is null or day < $5)
          and (cardinality($6::text[]) = 0 or kind = any($6))
        order by seq desc, day desc, id desc limit $7
        """,
        tenant,
        wallet_id,
        before[0] if before else None,
        since,
        until,
        list(kinds),
        limit,
        before[1] if before else None,
        before[2] if before else None,
    )
    return [StatementLine(*row) for row in rows]


async def buckets(tenant: UUID, wallet_id: UUID) -> list[BucketRest]:
    """What is left, in the order in which it will be used (D5)."""
    rows = await db.fetch(
        """
        select id, kind, priority, expires_at, granted, rest from ledger.bucket
         where tenant_id = $1 and wallet_id = $2 and rest > 0
         order by priority, expires_at nulls last, kind = 'paid', created_at, id
        """,
        tenant,
        wallet_id,
    )
    return [BucketRest(*row) for row in rows]
