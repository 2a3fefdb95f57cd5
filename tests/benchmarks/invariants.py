"""Money, after every run: what a fast wrong answer would break. Read by a superuser, with SQL of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .house import Store

__all__ = ("Books", "assert_sound", "checked", "read_books")

_TOTALS = """
select (select coalesce(sum(price), 0) from ledger.usage)::bigint as priced,
       (select coalesce(sum(amount), 0) from ledger.transfer where kind in ('usage', 'overrun'))::bigint as transferred,
       (select coalesce(sum(case when credit_seq is not null then amount else -amount end), 0) from ledger.transfer
         where credit_seq is not null or debit_seq is not null and kind <> 'usage')::bigint
         - (select coalesce(sum(posted), 0) from ledger.wallet)::bigint as moved,
       (select coalesce(sum(overrun), 0) from ledger.wallet)::bigint as overrun,
       (select coalesce(sum(commission), 0) from ledger.usage)::bigint as earned,
       (select coalesce(sum(case when t.credit_account = a.id then amount else -amount end), 0)
          from ledger.transfer t
          join ledger.account a on a.tenant_id = t.tenant_id and a.kind = 'commission_payable'
         where t.kind = 'commission' and a.id in (t.credit_account, t.debit_account))::bigint as accrued,
       (select coalesce(sum(price), 0) from ledger.usage_month)::bigint as month_priced,
       (select coalesce(sum(rest), 0) from ledger.bucket)::bigint as buckets,
       (select coalesce(sum(greatest(posted, 0)), 0) from ledger.wallet)::bigint as positive,
       (select count(*) from ledger.usage) as calls,
       (select count(*) from (select from ledger.usage group by tenant_id, source, external_id having count(*) > 1) d)
         as doubled,
       (select count(*) from ledger.wallet where posted < lowest) as below
"""

# A wallet's history in order: bookings, and calls of one posting by falling balance (of equal ones the paid one first).
_CHAIN = """
with steps as (
  select tenant_id, wallet_id, wallet_seq as seq, balance_after as balance, overrun - price as change from ledger.usage
  union all
  select tenant_id, credit_account, credit_seq, credit_balance, amount from ledger.transfer where credit_seq is not null
  union all
  select tenant_id, debit_account, debit_seq, debit_balance, -amount from ledger.transfer
   where debit_seq is not null and kind <> 'usage'
), walked as (
  select tenant_id, wallet_id, balance, change,
         lag(balance, 1, 0::bigint) over w as before, lead(balance) over w is null as last
    from steps window w as (partition by tenant_id, wallet_id order by seq, change > 0 desc, balance desc, change)
)
select count(*) filter (where before + change <> balance) as broken,
       count(*) filter (where last and balance <> (select posted from ledger.wallet w
                                                    where w.tenant_id = s.tenant_id and w.id = s.wallet_id)) as ends
  from walked s
"""

# The same history as the statement tells it: transfers, summed up by posting and day.
_STATEMENT = """
with steps as (
  select tenant_id, debit_account as wallet, debit_seq as seq, day, debit_balance as balance, -amount as change
    from ledger.transfer where debit_seq is not null
  union all
  select tenant_id, credit_account, credit_seq, day, credit_balance, amount from ledger.transfer
   where credit_seq is not null
)
select count(*) filter (where before + change <> balance) from (
  select balance, change, lag(balance, 1, 0::bigint) over (partition by tenant_id, wallet order by seq, day) as before
    from steps) s
"""


@dataclass(frozen=True, slots=True)
class Books:
    """What a database holds, in 10⁻⁶, and how many places do not add up."""

    priced: int
    transferred: int
    moved: int
    overrun: int
    earned: int
    accrued: int
    month_priced: int
    buckets: int
    positive: int
    calls: int
    doubled: int
    below: int
    broken: int
    ends: int
    statement: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def read_books(admin: Any) -> Books:
    """Read it all, over a superuser's connection; takes seconds where there are millions of calls."""
    await admin.execute("set work_mem = '256MB'; set max_parallel_workers_per_gather = 0")
    totals = await admin.fetchrow(_TOTALS)
    chain = await admin.fetchrow(_CHAIN)
    return Books(**dict(totals), **dict(chain), statement=await admin.fetchval(_STATEMENT))


async def assert_sound(store: Store) -> Books:
    """Read and check. Raises AssertionError."""
    async with store.admin() as admin:
        return checked(await read_books(admin))


def checked(books: Books) -> Books:
    """Σ price = Σ transfers = Σ wallet movement + overrun; every running balance replays. Raises AssertionError."""
    assert books.priced == books.transferred == books.moved + books.overrun == books.month_priced, books
    assert books.earned == books.accrued, books
    assert books.buckets == books.positive, books
    assert (books.doubled, books.below, books.broken, books.ends, books.statement) == (0, 0, 0, 0, 0), books
    return books
