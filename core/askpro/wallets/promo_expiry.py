"""What is left of promotional credit when its time is over, and the notice before.

Only what the grant's own bucket still holds goes, so paid money is never touched and no wallet gets below zero by it.
What calls in progress have reserved (in the order of D5) stays until they are over. Until the minute in which it is
taken back, credit may be used although its time is over: a moment's generosity instead of a refused call.

What comes back into a bucket after its time (a corrected call, a refund) may be used for another seven days (D5). A
frozen wallet loses nothing while it is frozen.

One that fails is put off, for longer each time, and stops no other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.events import emit
from askpro.ledger import service as ledger
from askpro.ledger.transfer import PostingStatus, Transfer
from askpro.money import Money
from askpro.wallets.promo_booking import facts

__all__ = ("GRACE", "expire", "sweep", "warn")

log = structlog.get_logger("askpro.wallets")

GRACE = timedelta(days=7)
_SOON = timedelta(minutes=1)
_LATER = timedelta(hours=1)
_LONGEST = timedelta(days=1)
_STEP = 200
_MOST = 20_000
_BY = Actor.system("promo")

# `ahead`: what is used before this bucket; calls in progress reserve that first
_BUCKET = """
select b.id, b.wallet_id, b.rest, b.expires_at, b.transfer_id, w.customer_id, w.currency, n.timezone,
       least(b.rest, greatest(0, w.held - ahead.rest)) as reserved, f.debit_account as source, f.reason,
       (select coalesce(sum(t.amount), 0)::bigint from ledger.transfer t
         where t.tenant_id = b.tenant_id and t.reverses = b.transfer_id and t.debit_account = b.wallet_id
           and t.kind in ('promo_expired', 'expired_on_refund')) as gone,
       (select max(t.booked_at) from ledger.bucket_draw d
          join ledger.transfer t on t.tenant_id = d.tenant_id and t.id = d.transfer_id
         where d.tenant_id = b.tenant_id and d.bucket_id = b.id and d.amount < 0
           and t.booked_at >= b.expires_at) as back
  from ledger.bucket b
  join ledger.wallet w on w.tenant_id = b.tenant_id and w.id = b.wallet_id
  join ledger.transfer f on f.tenant_id = b.tenant_id and f.id = b.transfer_id
  join tenancy.tenant n on n.id = b.tenant_id
 cross join lateral (
   select coalesce(sum(k.rest), 0)::bigint as rest from ledger.bucket k
    where k.tenant_id = b.tenant_id and k.wallet_id = b.wallet_id and k.rest > 0
      and (k.priority, coalesce(k.expires_at, 'infinity'), k.kind = 'paid', k.created_at, k.id)
          < (b.priority, coalesce(b.expires_at, 'infinity'), b.kind = 'paid', b.created_at, b.id)) ahead
 where b.tenant_id = $1 and b.id = $2 and b.kind = 'promo' and b.rest > 0 and b.expires_at <= $3
"""


async def sweep() -> int:
    """Take back all that has expired and tell of what is about to; returns how many buckets were emptied."""
    now, taken = clock.now(), 0
    for row in await db.call("select * from wallets.due_warnings($1, $2)", now, _MOST):
        await _each(warn, _put_off_warning, row, now)
    seen: set[UUID] = set()
    while len(seen) < _MOST:
        due = await db.call("select * from wallets.due_expiries($1, $2)", now, _STEP)
        if seen.issuperset(row["id"] for row in due):
            break
        for row in due:
            seen.add(row["id"])
            taken += bool(await _each(expire, _put_off, row, now))
    return taken


async def _each(work: Any, put_off: Any, row: Any, now: datetime) -> Any:
    tenant, one = row["tenant_id"], row["id"]
    try:
        return await work(tenant, one, now)
    except Exception:
        log.exception("promotional credit could not be seen to", promo=str(one), step=work.__name__)
    try:
        async with db.unit(tenant):
            await put_off(tenant, one, now)
    except Exception:
        log.exception("promotional credit could not be put off", promo=str(one), step=work.__name__)
    return None


async def expire(tenant: UUID, bucket: UUID, now: datetime) -> Money | None:
    """Take back what is left of an expired bucket, once, however many try; None: nothing was taken.

    Calls that are booked meanwhile come first: what they have used is not there any more to be taken.
    """
    async with db.unit(tenant):
        for _ in range(3):  # refused once, the ledger's lock on the wallet is ours: the second look is exact
            found = await db.fetchrow(_BUCKET, tenant, bucket, now)
            if found is None:
                return None
            if found["back"] is not None and now < found["back"] + GRACE:
                await _postpone(tenant, bucket, found["back"] + GRACE)
                return None
            units = found["rest"] - found["reserved"]
            if units <= 0:
                await _postpone(tenant, bucket, now + _SOON)
                return None
            posting = await ledger.post(_back(tenant, found, units, now))
            if posting.status is PostingStatus.FROZEN:
                await _postpone(tenant, bucket, now + _LATER)
                return None
            if posting.fresh:
                amount = Money(units, found["currency"])
                await _note(tenant, found, amount)
                return amount
            if posting.status not in (PostingStatus.SPENT, PostingStatus.FUNDS, PostingStatus.DUPLICATE):
                posting.or_raise()
    return None


def _back(tenant: UUID, found: Any, units: int, now: datetime) -> Transfer:
    """Back to where it came from; the key says how much was taken before, so two sweeps at once book one."""
    return Transfer(
        tenant=tenant, debit=found["wallet_id"], credit=found["source"], amount=units,
        kind="promo_expired" if found["back"] is None else "expired_on_refund", key=f"{found['id']}:{found['gone']}",
        day=clock.civil_day(now, found["timezone"]), occurred_at=now, actor=str(_BY), reason=found["reason"],
        reverses=found["transfer_id"],
    )  # fmt: skip


async def _note(tenant: UUID, found: Any, amount: Money) -> None:
    await db.execute(
        "update wallets.promo set expired = least(amount, expired + $3) where tenant_id = $1 and id = $2",
        tenant,
        found["id"],
        amount.units,
    )
    await db.execute("delete from wallets.put_off where tenant_id = $1 and bucket_id = $2", tenant, found["id"])
    await emit("promo.expired", facts(found, amount.units), tenant=tenant)


async def _postpone(tenant: UUID, bucket: UUID, until: datetime) -> None:
    """Nothing is wrong; it is only not to be looked at before that."""
    await db.execute(
        "insert into wallets.put_off as p (tenant_id, bucket_id, until) values ($1, $2, $3)"
        " on conflict (tenant_id, bucket_id) do update set until = excluded.until, failures = 0",
        tenant,
        bucket,
        until,
    )


async def _put_off(tenant: UUID, bucket: UUID, now: datetime) -> None:
    """It failed: again after 1, 4, 16 … minutes, in the end once a day."""
    await db.execute(
        "insert into wallets.put_off as p (tenant_id, bucket_id, until, failures)"
        " values ($1, $2, $3::timestamptz + $4, 1)"
        " on conflict (tenant_id, bucket_id) do update set failures = p.failures + 1,"
        " until = $3::timestamptz + least($5::interval, $4::interval * power(4, least(p.failures, 8)))",
        tenant,
        bucket,
        now,
        _SOON,
        _LONGEST,
    )


async def _put_off_warning(tenant: UUID, promo: UUID, now: datetime) -> None:
    await db.execute(
        "update wallets.promo set warn_at = $3 where tenant_id = $1 and id = $2", tenant, promo, now + _LATER
    )


async def warn(tenant: UUID, promo: UUID, now: datetime) -> bool:
    """Emit ``promo.expiring`` once, if there is something left to expire; whether it was emitted."""
    async with db.unit(tenant):
        found = await db.fetchrow(
            "update wallets.promo p set warn_at = null from ledger.bucket b"
            " where p.tenant_id = $1 and p.id = $2 and p.warn_at <= $3 and b.tenant_id = p.tenant_id and b.id = p.id"
            " returning p.id, p.customer_id, p.wallet_id, p.currency, p.expires_at, p.reason, b.rest",
            tenant,
            promo,
            now,
        )
        if found is None or found["rest"] == 0 or found["expires_at"] <= now:
            return False
        await emit("promo.expiring", facts(found, found["rest"]), tenant=tenant)
    return True
