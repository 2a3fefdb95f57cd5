"""Reading booked calls: one, or a page of them. All need an open unit of the tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.ids import usage_month

__all__ = ("CallRow", "Position", "call", "calls")

Position = tuple[datetime, UUID]
"""Where a page ended: when its last call began, and its id."""

_COLUMNS = """
select u.id, u.external_id, u.source, w.customer_id, w.currency, u.direction, u.caller, u.callee, u.began_at, u.ring_ms,
       u.talk_ms, u.billed, u.tokens, u.bookings, u.price, u.overrun, u.balance_after, u.wholesale, u.commission,
       u.chain_id, u.used_before, u.booked_at
  from ledger.usage u join ledger.wallet w on w.tenant_id = u.tenant_id and w.id = u.wallet_id
 where u.tenant_id = $1
"""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A booked call. Money in 10⁻⁶ of ``currency``; ``talk_ms`` None: not answered; numbers None: erased."""

    id: UUID
    external_id: str
    source: str
    customer_id: UUID
    currency: str
    direction: int
    caller: str | None
    callee: str | None
    began_at: datetime
    ring_ms: int
    talk_ms: int | None
    billed: int
    tokens: int
    bookings: int
    price: int
    overrun: int
    balance_after: int
    wholesale: int
    commission: int
    chain_id: UUID | None
    used_before: int
    booked_at: datetime


async def call(tenant: UUID, call_id: UUID) -> CallRow:
    """One call. Raises NotFound."""
    row = await db.fetchrow(f"{_COLUMNS} and u.id = $2", tenant, call_id)
    if row is None:
        raise NotFound("there is no such call")
    return CallRow(*row)


async def calls(
    tenant: UUID,
    *,
    limit: int,
    customer: UUID | None = None,
    direction: int | None = None,
    answered: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Position | None = None,
) -> list[CallRow]:
    """Calls that began in ``[since, until)``, latest first, going on after ``before``.

    Ids begin with the call's month and tables are partitioned by them, so the bounds are given for ids as well: a
    page reads the months it needs and no others.
    """
    latest = min((at for at in (until, before[0] if before else None) if at is not None), default=None)
    rows = await db.fetch(
        f"""
        {_COLUMNS}
           and ($2::uuid is null
                or u.wallet_id in (select id from ledger.wallet where tenant_id = $1 and customer_id = $2))
           and ($3::smallint is null or u.direction = $3)
           and ($4::boolean is null or (u.talk_ms is not null) = $4)
           and ($5::timestamptz is null or u.began_at >= $5)
           and ($6::timestamptz is null or u.began_at < $6)
           and ($7::timestamptz is null or (u.began_at, u.id) < ($7, $8::uuid))
           and u.id >= $9 and u.id < $10
         order by u.began_at desc, u.id desc limit $11
        """,  # noqa: S608 - put together from constants
        tenant,
        customer,
        direction,
        answered,
        since,
        until,
        before[0] if before else None,
        before[1] if before else None,
        _first_id(usage_month(since) if since else 0),
        _first_id(usage_month(latest) + 1 if latest else 0xFFFF),
        limit,
    )
    return [CallRow(*row) for row in rows]


def _first_id(month: int) -> UUID:
    """The smallest usage id of a month counted from January 1970."""
    return UUID(int=max(0, min(month, 0xFFFF)) << 112)
