"""Commission on calls that were paid with money that went back (D8).

The short of a payment is what went back of it beyond what was unspent. The commission of the calls it has funded is
clawed back in that proportion: ``target = commission × short / consumed``; booked is the difference to what was booked
before, so a dispute that is won releases it. All of it is read from the books: there is no second account of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Transfer
from askpro.money import to_units
from askpro.payments.model import Order

__all__ = ("KIND", "Funding", "funding", "settle", "short", "target")

KIND = "commission_clawback"

# What a payment's bucket gave for anything but its own way back; for calls, their commission in the same proportion.
_FUNDING = """
with bucket as (
  select id, granted from ledger.bucket where tenant_id = $1 and transfer_id = $2),
back as (
  select id from ledger.transfer where tenant_id = $1 and reverses = $2),
drawn as (
  select t.id, t.kind, t.debit_account, t.debit_seq, t.day, t.amount, d.amount as drawn
    from bucket b
    join ledger.bucket_draw d on d.tenant_id = $1 and d.bucket_id = b.id
    join ledger.transfer t on t.tenant_id = $1 and t.id = d.transfer_id
   where t.reverses is distinct from $2 and (t.reverses is null or t.reverses not in (select id from back)))
select coalesce((select sum(granted) from bucket), 0)::bigint as granted, coalesce(sum(d.drawn), 0)::bigint as consumed,
       coalesce(sum(u.commission::numeric(50, 20) * d.drawn / d.amount), 0) as commission
  from drawn d
  left join lateral (
    select sum(c.commission) as commission from ledger.usage c
     where d.kind = 'usage' and c.tenant_id = $1 and c.wallet_id = d.debit_account and c.wallet_seq = d.debit_seq
       and c.day = d.day and c.began_at >= (d.day - 1)::timestamp at time zone 'UTC'
       and c.began_at < (d.day + 2)::timestamp at time zone 'UTC') u on true
"""


@dataclass(frozen=True, slots=True)
class Funding:
    """What became of a payment's credit, in 10⁻⁶. ``commission``: of the calls it has paid, pro rata."""

    granted: int
    consumed: int
    commission: Decimal


def short(found: Funding, reversed_to_date: int) -> int:
    """What went back beyond the part that was unspent."""
    return max(0, reversed_to_date - (found.granted - found.consumed))


def target(found: Funding, reversed_to_date: int) -> int:
    """The commission that has to be clawed back in all, rounded half up once."""
    missing = min(short(found, reversed_to_date), found.consumed)
    if not missing:
        return 0
    return to_units(Fraction(found.commission) * missing / found.consumed / 1_000_000)


async def funding(tenant: UUID, payment: UUID) -> Funding:
    """What was paid out of the bucket that the transfer ``payment`` has funded. In an open unit."""
    row = await db.fetchrow(_FUNDING, tenant, payment)
    return Funding(row["granted"], row["consumed"], row["commission"])


async def settle(tenant: UUID, order: Order, reversed_to_date: int, *, key: str, zone: str, by: Actor) -> UUID | None:
    """Book what is missing to the target, or what is too much: in the unit of the reversal, after it.

    ``key`` names the reversal. Returns the transfer, None when nothing had to be booked.
    """
    if order.transfer_id is None:
        return None
    currency = order.net.currency
    expense = await ledger.ensure_account(tenant, AccountKind.COMMISSION_EXPENSE, currency)
    payable = await ledger.ensure_account(tenant, AccountKind.COMMISSION_PAYABLE, currency)
    booked: int = await db.fetchval(
        "select coalesce(sum(case when debit_account = $4 then amount else -amount end), 0)::bigint"
        " from ledger.transfer where tenant_id = $1 and reverses = $2 and kind = $3",
        tenant,
        order.transfer_id,
        KIND,
        payable,
    )
    missing = target(await funding(tenant, order.transfer_id), reversed_to_date) - booked
    if not missing:
        return None
    now = clock.now()
    one = Transfer(
        tenant=tenant,
        debit=payable if missing > 0 else expense,
        credit=expense if missing > 0 else payable,
        amount=abs(missing),
        kind=KIND,
        key=key,
        day=clock.civil_day(now, zone),
        occurred_at=now,
        actor=str(by),
        reason=order.reference,
        reverses=order.transfer_id,
        forced=True,  # it names the payment that it follows from; it takes nothing out of it
    )
    return (await ledger.post(one)).or_raise().transfer
