"""The checks of the proof, one statement each: what is wrong with tenant ``$1`` as (subject, expected, found)."""

# ruff: noqa: S608 - the statements are put together from constants of this module

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("CHECKS", "Check")


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` says what must hold. ``alarm`` False: to be looked at, but no amount is wrong by it."""

    name: str
    sql: str
    alarm: bool = True


# A wallet's bookings from its own side: what each adds, and the running balance it claims.
_LINE = """
line as materialized (
  select id, debit_account as wallet, debit_seq as seq, -amount as delta, debit_balance as balance, kind
    from ledger.transfer where tenant_id = $1 and debit_seq is not null
  union all
  select id, credit_account, credit_seq, amount, credit_balance, kind
    from ledger.transfer where tenant_id = $1 and credit_seq is not null
)"""

_SIDES = """
select t.id::text, 'two accounts of the tenant in ' || t.currency || ', numbered where it is a wallet',
       concat_ws(' ', t.kind, t.currency, 'from', coalesce(d.kind, 'nowhere'), d.currency, t.debit_seq, t.debit_balance,
                 'to', coalesce(c.kind, 'nowhere'), c.currency, t.credit_seq, t.credit_balance)
  from ledger.transfer t
  left join ledger.account d on d.tenant_id = t.tenant_id and d.id = t.debit_account
  left join ledger.account c on c.tenant_id = t.tenant_id and c.id = t.credit_account
 where t.tenant_id = $1 and (
       d.id is null or c.id is null or d.currency <> t.currency or c.currency <> t.currency
       or (d.kind = 'wallet') <> (t.debit_seq is not null) or (d.kind = 'wallet') <> (t.debit_balance is not null)
       or (c.kind = 'wallet') <> (t.credit_seq is not null) or (c.kind = 'wallet') <> (t.credit_balance is not null)
       or (t.kind = 'usage' and (d.kind, c.kind) <> ('wallet', 'revenue'))
       or (t.kind = 'overrun' and (d.kind, c.kind) <> ('overrun', 'revenue'))
       or (t.kind = 'commission' and (d.kind, c.kind) not in (('commission_expense', 'commission_payable'),
                                                              ('commission_payable', 'commission_expense'))))
"""

_ACCOUNTS = """
select coalesce(w.id, a.id)::text, coalesce('wallet in ' || w.currency, 'no account'),
       coalesce('account in ' || a.currency, 'no account')
  from (select * from ledger.wallet where tenant_id = $1) w
  full join (select * from ledger.account where tenant_id = $1 and kind = 'wallet') a on a.id = w.id
 where a.currency is distinct from w.currency
"""

_BALANCE = """
select w.id::text, coalesce(s.total, 0), w.posted
  from ledger.wallet w
  left join (select account, sum(delta) as total
               from (select debit_account as account, -amount as delta from ledger.transfer where tenant_id = $1
                     union all
                     select credit_account, amount from ledger.transfer where tenant_id = $1) side
              group by account) s on s.account = w.id
 where w.tenant_id = $1 and w.posted <> coalesce(s.total, 0)
"""

# Transfers of one train share a number; each takes something, so their balances fall in the order they were booked.
_RUNNING = f"""
with {_LINE}, replay as (
  select *, sum(delta) over (partition by wallet order by seq, balance desc, id) as total from line)
select distinct on (wallet) wallet::text || ' no. ' || seq, total, balance
  from replay where total <> balance order by wallet, seq, balance desc
"""

_NUMBERS = f"""
with {_LINE}, step as (
  select wallet, seq from line union select wallet_id, wallet_seq from ledger.usage where tenant_id = $1)
select coalesce(w.id, s.wallet)::text, '1 to ' || coalesce(w.seq, 0),
       coalesce(s.n, 0) || ' numbers' || coalesce(' from ' || s.low || ' to ' || s.high, '')
  from (select id, seq from ledger.wallet where tenant_id = $1) w
  full join (select wallet, count(*) as n, min(seq) as low, max(seq) as high from step group by wallet) s
    on s.wallet = w.id
 where (coalesce(s.n, 0), coalesce(s.low, 1), coalesce(s.high, 0)) is distinct from (w.seq, 1::bigint, w.seq)
"""

_NUMBER_TWICE = f"""
with {_LINE}, step as (
  select wallet, seq, kind from line where kind <> 'usage'
  union all
  (select wallet, seq, 'usage' from line where kind = 'usage'
   union select wallet_id, wallet_seq, 'usage' from ledger.usage where tenant_id = $1))
select wallet::text || ' no. ' || seq, 'one booking', string_agg(kind, ', ' order by kind)
  from step group by wallet, seq having count(*) > 1
"""

_PURSE = """
select coalesce(w.id, b.wallet_id)::text, greatest(coalesce(w.posted, 0), 0), coalesce(b.rest, 0)
  from (select id, posted from ledger.wallet where tenant_id = $1) w
  full join (select wallet_id, sum(rest) as rest from ledger.bucket where tenant_id = $1 group by wallet_id) b
    on b.wallet_id = w.id
 where greatest(coalesce(w.posted, 0), 0) <> coalesce(b.rest, 0)
"""

_BUCKET = """
select coalesce(b.id, d.bucket_id)::text, coalesce(b.granted, 0) - coalesce(d.drawn, 0), coalesce(b.rest, 0)
  from (select id, granted, rest from ledger.bucket where tenant_id = $1) b
  full join (select bucket_id, sum(amount) as drawn from ledger.bucket_draw where tenant_id = $1 group by bucket_id) d
    on d.bucket_id = b.id
 where coalesce(b.granted, 0) - coalesce(d.drawn, 0) <> coalesce(b.rest, 0)
"""

# Below zero a wallet has no buckets: a booking moves them by the change of what lies above.
_DRAWS = f"""
with {_LINE}, move as (
  select id, wallet, sum(amount) as amount
    from (select transfer_id as id, wallet_id as wallet, granted as amount from ledger.bucket where tenant_id = $1
          union all
          select d.transfer_id, b.wallet_id, -d.amount from ledger.bucket_draw d
            join ledger.bucket b on b.tenant_id = d.tenant_id and b.id = d.bucket_id where d.tenant_id = $1) x
   group by id, wallet)
select coalesce(l.id, m.id)::text, coalesce(greatest(balance, 0) - greatest(balance - delta, 0), 0),
       coalesce(m.amount, 0)
  from line l full join move m on m.id = l.id and m.wallet = l.wallet
 where coalesce(greatest(balance, 0) - greatest(balance - delta, 0), 0) <> coalesce(m.amount, 0)
"""

_USAGE_RUNNING = f"""
with {_LINE}, used as materialized (
  select id, wallet_id, wallet_seq, price - overrun as paid, balance_after from ledger.usage where tenant_id = $1),
step as (
  select wallet, seq, sum(delta) as delta
    from (select wallet, seq, delta from line union all select distinct wallet_id, wallet_seq, 0 from used) x
   group by wallet, seq),
opening as (select wallet, seq, sum(delta) over (partition by wallet order by seq) - delta as balance from step),
replay as (
  select u.*, o.balance - sum(u.paid) over (partition by u.wallet_id, u.wallet_seq
                                            order by u.balance_after desc, u.paid desc, u.id) as total
    from used u join opening o on o.wallet = u.wallet_id and o.seq = u.wallet_seq)
select distinct on (wallet_id) 'call ' || id || ' of ' || wallet_id || ' no. ' || wallet_seq, total, balance_after
  from replay where total <> balance_after order by wallet_id, wallet_seq, balance_after desc
"""

_USAGE_TRANSFERS = """
select coalesce(u.wallet_id, t.debit_account) || ' no. ' || coalesce(u.wallet_seq, t.debit_seq) || ' on '
         || coalesce(u.day, t.day),
       coalesce(u.paid, 0) || ' for ' || coalesce(u.calls, 0) || ' calls',
       coalesce(t.amount, 0) || ' for ' || coalesce(t.calls, 0) || ' calls'
  from (select wallet_id, wallet_seq, day, sum(price - overrun) as paid, count(*) as calls
          from ledger.usage where tenant_id = $1 group by 1, 2, 3) u
  full join (select debit_account, debit_seq, day, sum(amount) as amount, sum(calls) as calls
               from ledger.transfer where tenant_id = $1 and kind = 'usage' group by 1, 2, 3) t
    on t.debit_account = u.wallet_id and t.debit_seq = u.wallet_seq and t.day = u.day
 where coalesce(u.paid, 0) <> coalesce(t.amount, 0) or (t.calls is not null and t.calls is distinct from u.calls)
"""

_OVERRUN = """
select w.id::text, coalesce(u.overrun, 0), w.overrun
  from ledger.wallet w
  left join (select wallet_id, sum(overrun) as overrun from ledger.usage where tenant_id = $1 group by wallet_id) u
    on u.wallet_id = w.id
 where w.tenant_id = $1 and w.overrun <> coalesce(u.overrun, 0)
"""

# An overrun's transfer does not name its wallet, so they are compared as sets: day, amount and number of calls.
_OVERRUN_TRANSFERS = """
select coalesce(u.day, t.day) || ': ' || coalesce(u.overrun, t.amount) || ' ' || coalesce(u.currency, t.currency)
         || ' for ' || coalesce(u.calls, t.calls) || ' calls', coalesce(u.n, 0) || ' transfers', coalesce(t.n, 0)::text
  from (select w.currency, train.day, train.overrun, train.calls, count(*) as n
          from (select wallet_id, wallet_seq, day, sum(overrun) as overrun, count(*) as calls
                  from ledger.usage where tenant_id = $1 group by 1, 2, 3 having sum(overrun) > 0) train
          join ledger.wallet w on w.tenant_id = $1 and w.id = train.wallet_id
         group by 1, 2, 3, 4) u
  full join (select currency, day, amount, calls, count(*) as n
               from ledger.transfer where tenant_id = $1 and kind = 'overrun' group by 1, 2, 3, 4) t
    on t.currency = u.currency and t.day = u.day and t.amount = u.overrun and t.calls = u.calls
 where u.n is distinct from t.n
"""

_MONTHS = """
select coalesce(u.wallet_id, m.wallet_id) || ' ' || to_char(coalesce(u.month, m.month), 'YYYY-MM'),
       coalesce(u.figures, 'nothing'), coalesce(m.figures, 'nothing')
  from (select wallet_id, date_trunc('month', day)::date as month,
               concat_ws(' ', 'calls', count(*), 'answered', count(talk_ms), 'seconds', sum(billed),
                         'metered', coalesce(sum(billed) filter (where metered), 0), 'price', sum(price),
                         'wholesale', sum(wholesale), 'commission', sum(commission), 'overrun', sum(overrun)) as figures
          from ledger.usage where tenant_id = $1 group by 1, 2) u
  full join (select wallet_id, month,
                    concat_ws(' ', 'calls', calls, 'answered', answered, 'seconds', seconds, 'metered', metered,
                              'price', price, 'wholesale', wholesale, 'commission', commission,
                              'overrun', overrun) as figures
               from ledger.usage_month where tenant_id = $1) m
    on m.wallet_id = u.wallet_id and m.month = u.month
 where u.figures is distinct from m.figures
"""

_COMMISSION = """
select coalesce(u.day, t.day) || ' ' || coalesce(u.currency, t.currency), coalesce(u.total, 0), coalesce(t.total, 0)
  from (select w.currency, x.day, sum(x.commission) as total
          from (select wallet_id, day, sum(commission) as commission
                  from ledger.usage where tenant_id = $1 group by 1, 2) x
          join ledger.wallet w on w.tenant_id = $1 and w.id = x.wallet_id group by 1, 2) u
  full join (select t.currency, t.day,
                    sum(case a.kind when 'commission_expense' then t.amount else -t.amount end) as total
               from ledger.transfer t
               join ledger.account a on a.tenant_id = t.tenant_id and a.id = t.debit_account
              where t.tenant_id = $1 and t.kind = 'commission' group by 1, 2) t
    on t.currency = u.currency and t.day = u.day
 where coalesce(u.total, 0) <> coalesce(t.total, 0)
"""

_KEYS = """
select coalesce(k.kind || ' ' || k.key, t.kind || ' ' || t.key), coalesce(k.transfer_id::text, 'no key'),
       coalesce(t.id::text, 'no transfer')
  from (select * from ledger.booking_key where tenant_id = $1) k
  full join (select id, kind, key from ledger.transfer where tenant_id = $1 and key is not null) t
    on t.kind = k.kind and t.key = k.key and t.id = k.transfer_id
 where t.id is null or k.transfer_id is null
"""

# All of an id but its month: the digest of what the source called the call.
_AGAIN = """
select source || ' ' || external_id, 'one month', string_agg(to_char(began_at, 'YYYY-MM-DD'), ', ' order by began_at)
  from (select source, external_id, began_at, substr(uuid_send(id), 3) as digest,
               count(*) over (partition by substr(uuid_send(id), 3)) as n
          from ledger.usage where tenant_id = $1) u
 where n > 1 group by digest, source, external_id
"""

CHECKS = (
    Check("every transfer has two sides", _SIDES),
    Check("every wallet has its account", _ACCOUNTS),
    Check("a balance is the sum of its transfers", _BALANCE),
    Check("running balances replay", _RUNNING),
    Check("a wallet's numbers have no gap", _NUMBERS),
    Check("a wallet's number is used once", _NUMBER_TWICE),
    Check("buckets hold what is above zero", _PURSE),
    Check("a bucket's rest is what was not drawn", _BUCKET),
    Check("a booking moves buckets by its amount", _DRAWS),
    Check("calls step the balance by what they cost", _USAGE_RUNNING),
    Check("calls add up to their transfers", _USAGE_TRANSFERS),
    Check("a wallet's overrun is that of its calls", _OVERRUN),
    Check("overruns add up to their transfers", _OVERRUN_TRANSFERS),
    Check("months are the sum of their calls", _MONTHS),
    Check("commission adds up to its transfers", _COMMISSION),
    Check("a key names its transfer", _KEYS),
    Check("a call's id stays in one month", _AGAIN, alarm=False),
)
