"""The proof's checks of calls in progress and of resellers who pay in advance; see ``checks`` for their form."""

from __future__ import annotations

from askpro.ledger.checks import Check

__all__ = ("HOLD_CHECKS",)

_HELD = """
select coalesce(w.id, h.id)::text, coalesce(h.held, 0), coalesce(w.held, 0)
  from (select id, held from ledger.wallet where tenant_id = $1) w
  full join (select id, sum(held) as held
               from (select wallet_id as id, held from ledger.hold where tenant_id = $1
                     union all
                     select reseller_id, wholesale from ledger.hold where tenant_id = $1 and wholesale > 0) side
              group by id) h on h.id = w.id
 where coalesce(w.held, 0) <> coalesce(h.held, 0)
"""

_BOOKED = """
select h.id::text, 'a booked call of ' || h.wallet_id, coalesce('one of ' || u.wallet_id, 'none')
  from ledger.hold h left join ledger.usage u on u.tenant_id = h.tenant_id and u.id = h.id
 where h.tenant_id = $1 and h.state = 'finished' and u.wallet_id is distinct from h.wallet_id
"""

# Charged for a silent call and not reversed: what its hold says, and on one wallet each.
_REAPED = """
select coalesce(h.id::text, t.key) || ' ' || coalesce(h.kind, t.kind), coalesce(h.amount, 0), coalesce(t.amount, 0)
  from (select id, 'reaped' as kind, charge_id, charged as amount
          from ledger.hold where tenant_id = $1 and charged > 0
        union all
        select id, 'wholesale_reaped', passed_id, passed_on from ledger.hold where tenant_id = $1 and passed_on > 0) h
  full join (select t.id, t.kind, t.key, t.amount - coalesce(sum(r.amount), 0) as amount
               from ledger.transfer t
               left join ledger.transfer r on r.tenant_id = t.tenant_id and r.reverses = t.id
              where t.tenant_id = $1 and t.kind in ('reaped', 'wholesale_reaped')
              group by t.id, t.kind, t.key, t.amount having t.amount <> coalesce(sum(r.amount), 0)) t
    on t.id = h.charge_id and t.kind = h.kind
 where h.amount is distinct from t.amount
"""

# A wallet that pays in advance paid the wholesale price of every call booked while it did, day by day.
_PASSED_ON = """
select coalesce(u.wallet_id, t.wallet_id) || ' on ' || coalesce(u.day, t.day), coalesce(u.amount, 0),
       coalesce(t.amount, 0)
  from (select f.wallet_id, c.day, sum(c.wholesale) as amount
          from ledger.funding f
          join ledger.wallet w on w.tenant_id = f.tenant_id and w.currency = f.currency
          join ledger.usage c on c.tenant_id = w.tenant_id and c.wallet_id = w.id and c.booked_at >= f.since
           and (f.until is null or c.booked_at < f.until)
         where f.tenant_id = $1 and c.wholesale > 0 group by 1, 2) u
  full join (select debit_account as wallet_id, day, sum(amount) as amount
               from ledger.transfer where tenant_id = $1 and kind = 'wholesale' group by 1, 2) t
    on t.wallet_id = u.wallet_id and t.day = u.day
 where u.amount is distinct from t.amount
"""

_SPENT = """
select d.subject || ' on ' || d.day, coalesce(u.spent, 0), d.spent
  from ledger.spend_day d
  left join lateral (
    select sum(c.price) as spent from ledger.wallet w
      join ledger.usage c on c.tenant_id = w.tenant_id and c.wallet_id = w.id and c.day = d.day
     where w.tenant_id = d.tenant_id
       and (w.id = d.subject or d.subject = d.tenant_id
            and w.currency = (select l.currency from ledger.call_limit l
                               where l.tenant_id = d.tenant_id and l.scope = 'reseller'))) u on true
 where d.tenant_id = $1 and d.spent <> coalesce(u.spent, 0)
"""

HOLD_CHECKS = (
    Check("a wallet holds what its calls in progress hold", _HELD),
    Check("a finished call is booked", _BOOKED),
    Check("a reaped call is charged once", _REAPED),
    Check("a reseller in advance pays for its calls", _PASSED_ON),
    Check("capped spending is that of its calls", _SPENT),
)
