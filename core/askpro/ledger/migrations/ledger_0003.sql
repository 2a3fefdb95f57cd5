-- post_usage(): a train of finished calls, tenants mixed, in one round trip. Set-based: its cost grows with the
-- calls, not with statements.
--
-- Calls refer by p_g to groups: (tenant, wallet, wallet seq the price was computed at or -1, civil day, chain
-- or the nil id, source, actor), and each group brings three fresh ids for the transfers it may cause.
--
-- Status a call: booked · duplicate (the same call is there) · conflict (its id is there with other content) ·
-- again (the same id twice in this train: ask once more) · moved (the wallet changed since seq was read: rate again) ·
-- unknown (no such wallet). A finished call is never refused for money: what the wallet cannot cover is its overrun (D6).
-- Raises 40001 when another train booked one of these ids meanwhile: send the train again.

create function ledger.lost_race() returns bigint language plpgsql as $$
begin
  raise exception 'another train booked the same call' using errcode = 'serialization_failure';
end $$;

create function ledger.post_usage(
    p_tenant uuid[], p_wallet uuid[], p_seq bigint[], p_day date[], p_chain uuid[], p_source text[],
    p_t_usage uuid[], p_t_overrun uuid[], p_t_commission uuid[], p_actor text[],
    p_g int[], p_id uuid[], p_external text[], p_began timestamptz[], p_ring int[], p_talk int[], p_direction smallint[],
    p_caller text[], p_callee text[], p_tokens bigint[], p_bookings int[], p_billed int[], p_used int[],
    p_metered boolean[], p_price bigint[], p_wholesale bigint[], p_commission bigint[])
  returns table (ord int, status text, balance bigint, overrun bigint)
  language plpgsql security definer set search_path = ledger, pg_temp
  set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_posted bigint[]; v_cover bigint[]; v_now bigint[]; v_currency text[];
begin
  perform ledger.check_tenant(p_tenant);
  perform 1
     from (select distinct t, w from unnest(p_tenant, p_wallet) u(t, w)) u
     join ledger.wallet w on w.tenant_id = u.t and w.id = u.w
    order by w.tenant_id, w.id for update of w;
  -- a group's wallet, by the group's number: an array is read by position where a join would search (-1: no such wallet)
  select array_agg(coalesce(w.posted, 0) order by u.g),
         array_agg(greatest(0, coalesce(w.posted - w.held + w.credit_line, 0)) order by u.g),
         array_agg(coalesce(w.seq, -1) order by u.g), array_agg(coalesce(w.currency, '') order by u.g)
    into v_posted, v_cover, v_now, v_currency
    from unnest(p_tenant, p_wallet) with ordinality u(t, w, g)
    left join ledger.wallet w on w.tenant_id = u.t and w.id = u.w;

  return query
  with ev as materialized (
    select e.*, p_tenant[e.g] as tenant_id, p_wallet[e.g] as wallet_id, p_seq[e.g] as seq, v_now[e.g] as now_seq
      from unnest(p_g, p_id, p_external, p_began, p_ring, p_talk, p_direction, p_caller, p_callee, p_tokens, p_bookings,
                  p_billed, p_used, p_metered, p_price, p_wholesale, p_commission)
           with ordinality e(g, id, external_id, began_at, ring_ms, talk_ms, direction, caller, callee, tokens, bookings,
                             billed, used_before, metered, price, wholesale, commission, ord)
  ),
  looked as materialized (
    select e.*, o.balance_after as old_balance, o.overrun as old_overrun,
           case when o.id is not null then
                  case when o.wallet_id = e.wallet_id and o.began_at = e.began_at and o.ring_ms = e.ring_ms
                        and o.talk_ms is not distinct from e.talk_ms and o.direction = e.direction
                        and o.tokens = e.tokens and o.bookings = e.bookings
                        and (o.caller is null or o.caller = e.caller) and (o.callee is null or o.callee = e.callee)
                       then 'duplicate' else 'conflict' end
                when e.now_seq = -1 then 'unknown'
                when e.seq <> -1 and e.seq <> e.now_seq then 'moved'
                when row_number() over (partition by e.tenant_id, e.id order by e.ord) > 1 then 'again'
                else 'booked' end as state
      from ev e
      -- offset 0: always one probe of the index a call, whatever the planner thinks of the table's size
      left join lateral (select u.id, u.wallet_id, u.began_at, u.ring_ms, u.talk_ms, u.direction, u.tokens, u.bookings,
                                u.caller, u.callee, u.balance_after, u.overrun
                           from ledger.usage u where u.tenant_id = e.tenant_id and u.id = e.id offset 0) o on true
  ),
  -- prices that build on each other (allowance, volume) hold only if all of the wallet's calls are new
  seen as materialized (
    select l.*, case when l.state = 'booked' and l.seq <> -1
                      and bool_or(l.state <> 'booked') over (partition by l.tenant_id, l.wallet_id)
                     then 'moved' else l.state end as verdict
      from looked l
  ),
  run as materialized (
    select s.*, v_cover[s.g] as cover,
           sum(s.price) filter (where s.verdict = 'booked') over (partition by s.tenant_id, s.wallet_id order by s.ord) as cum
      from seen s
  ),
  cut as materialized (
    select r.*, case when r.verdict = 'booked' then least(r.cum, r.cover) - least(r.cum - r.price, r.cover) end as paid,
           least(r.cum, r.cover) as cum_paid
      from run r
  ),
  ins as (
    insert into ledger.usage (tenant_id, id, wallet_id, began_at, day, ring_ms, talk_ms, billed, direction, bookings, tokens,
                              price, wholesale, commission, overrun, balance_after, wallet_seq, used_before, metered, chain_id,
                              source, external_id, caller, callee)
    select c.tenant_id, c.id, c.wallet_id, c.began_at, p_day[c.g], c.ring_ms, c.talk_ms, c.billed, c.direction, c.bookings,
           c.tokens, c.price, c.wholesale, c.commission, c.price - c.paid, v_posted[c.g] - c.cum_paid, c.now_seq + 1,
           c.used_before, c.metered, nullif(p_chain[c.g], '00000000-0000-0000-0000-000000000000'), p_source[c.g],
           c.external_id, c.caller, c.callee
      from cut c where c.verdict = 'booked' order by c.tenant_id, c.id
    on conflict do nothing returning 1
  ),
  walk as materialized (
    select d.*, (sum(d.paid) over (partition by d.tenant_id, d.wallet_id order by d.day))::bigint as upto
      from (select c.tenant_id, c.wallet_id, p_day[c.g] as day, sum(c.paid)::bigint as paid,
                   sum(c.price - c.paid)::bigint as overrun, count(*)::int as calls, count(c.talk_ms)::int as answered,
                   sum(c.billed)::bigint as billed, coalesce(sum(c.billed) filter (where c.metered), 0)::bigint as metered,
                   sum(c.price)::bigint as price, sum(c.wholesale)::bigint as wholesale,
                   sum(c.commission)::bigint as commission, max(c.began_at) as latest, min(c.g) as g
              from cut c where c.verdict = 'booked' group by c.tenant_id, c.wallet_id, p_day[c.g]) d
  ),
  moved as (
    update ledger.wallet w
       set posted = w.posted - s.paid, overrun = w.overrun + s.overrun, seq = w.seq + 1
      from (select tenant_id, wallet_id, sum(paid)::bigint as paid, sum(overrun)::bigint as overrun
              from walk group by tenant_id, wallet_id) s
     where w.tenant_id = s.tenant_id and w.id = s.wallet_id
  ),
  months as (
    insert into ledger.usage_month as m (tenant_id, wallet_id, month, calls, answered, seconds, metered, price, wholesale,
                                         commission, overrun)
    select tenant_id, wallet_id, date_trunc('month', day)::date, sum(calls), sum(answered), sum(billed), sum(metered),
           sum(price), sum(wholesale), sum(commission), sum(overrun)
      from walk group by 1, 2, 3 order by 1, 2, 3
    on conflict (tenant_id, wallet_id, month) do update
      set calls = m.calls + excluded.calls, answered = m.answered + excluded.answered, seconds = m.seconds + excluded.seconds,
          metered = m.metered + excluded.metered, price = m.price + excluded.price,
          wholesale = m.wholesale + excluded.wholesale, commission = m.commission + excluded.commission,
          overrun = m.overrun + excluded.overrun
  ),
  money as (
    insert into ledger.transfer (tenant_id, id, group_id, debit_account, credit_account, amount, currency, kind, day,
                                 occurred_at, actor, calls, debit_seq, debit_balance)
    select w.tenant_id, p_t_usage[w.g], p_t_usage[w.g], w.wallet_id,
           ledger.account_id(w.tenant_id, 'revenue', v_currency[w.g]), w.paid, v_currency[w.g], 'usage', w.day, w.latest,
           p_actor[w.g], w.calls, v_now[w.g] + 1, v_posted[w.g] - w.upto
      from walk w where w.paid > 0
    union all
    select w.tenant_id, p_t_overrun[w.g], p_t_usage[w.g], ledger.account_id(w.tenant_id, 'overrun', v_currency[w.g]),
           ledger.account_id(w.tenant_id, 'revenue', v_currency[w.g]), w.overrun, v_currency[w.g], 'overrun', w.day,
           w.latest, p_actor[w.g], w.calls, null, null
      from walk w where w.overrun > 0
    union all
    select c.tenant_id, p_t_commission[c.g], p_t_commission[c.g],
           ledger.account_id(c.tenant_id, case when c.commission > 0 then 'commission_expense' else 'commission_payable' end,
                             c.currency),
           ledger.account_id(c.tenant_id, case when c.commission > 0 then 'commission_payable' else 'commission_expense' end,
                             c.currency),
           abs(c.commission), c.currency, 'commission', c.day, c.latest, p_actor[c.g], c.calls, null, null
      from (select tenant_id, v_currency[g] as currency, day, sum(commission)::bigint as commission, max(latest) as latest,
                   sum(calls)::int as calls, min(g) as g
              from walk group by 1, 2, 3) c
     where c.commission <> 0
  ),
  -- a wallet's days, laid end to end, against its buckets in the order of D5: the overlap is what a bucket pays
  drawn as materialized (
    select w.tenant_id, p_t_usage[w.g] as transfer_id, p.id as bucket_id,
           least(w.upto, p.upto) - greatest(w.upto - w.paid, p.upto - p.rest) as amount
      from walk w
      cross join lateral (
        select b.id, b.rest,
               (sum(b.rest) over (order by b.priority, b.expires_at nulls last, b.kind = 'paid', b.created_at, b.id))::bigint
                 as upto
          from ledger.bucket b where b.tenant_id = w.tenant_id and b.wallet_id = w.wallet_id and b.rest > 0 offset 0) p
     where w.paid > 0 and least(w.upto, p.upto) > greatest(w.upto - w.paid, p.upto - p.rest)
  ),
  draws as (
    insert into ledger.bucket_draw (tenant_id, transfer_id, bucket_id, amount)
    select tenant_id, transfer_id, bucket_id, amount from drawn
  ),
  emptied as (
    update ledger.bucket b set rest = b.rest - d.amount
      from (select tenant_id, bucket_id, sum(amount)::bigint as amount from drawn group by 1, 2) d
     where b.tenant_id = d.tenant_id and b.id = d.bucket_id
  )
  select c.ord::int, c.verdict,
         case when c.verdict = 'booked' then v_posted[c.g] - c.cum_paid else c.old_balance end::bigint,
         case when c.verdict = 'booked' then c.price - c.paid else c.old_overrun end::bigint
    from cut c
   where (select count(*) from ins) = (select count(*) from cut where verdict = 'booked') or ledger.lost_race() > 0
   order by c.ord;
end $$;

do $$
declare f regprocedure;
begin
  grant create on schema ledger to askpro_ledger;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname in ('post_usage', 'lost_race') loop
    execute format('alter function %s owner to askpro_ledger', f);
    execute format('revoke all on function %s from public', f);
  end loop;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname = 'post_usage' loop
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  revoke create on schema ledger from askpro_ledger;
end $$;

-- Which of these calls are booked already.
create function ledger.known_usage(p_tenant uuid[], p_id uuid[]) returns setof uuid
  language sql stable security definer set search_path = ledger, pg_temp as $$
  select u.id from unnest(p_tenant, p_id) x(tenant_id, id)
    join ledger.usage u on u.tenant_id = x.tenant_id and u.id = x.id
   where tenancy.current_tenant() is null or tenancy.current_tenant() = u.tenant_id
$$;
do $$
begin
  grant create on schema ledger to askpro_ledger;
  alter function ledger.known_usage(uuid[], uuid[]) owner to askpro_ledger;
  revoke create on schema ledger from askpro_ledger;
end $$;
revoke all on function ledger.known_usage(uuid[], uuid[]) from public;
grant execute on function ledger.known_usage(uuid[], uuid[]) to askpro_app, askpro_platform;
