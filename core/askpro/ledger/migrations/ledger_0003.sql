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
--
-- It first takes all calls to be new and just inserts them, because nearly all are: the unique key says if one is not.
-- Only then each call is looked at, and the rest is inserted once more.

create function ledger.post_usage(
    p_tenant uuid[], p_wallet uuid[], p_seq bigint[], p_day date[], p_chain uuid[], p_source text[],
    p_t_usage uuid[], p_t_overrun uuid[], p_t_commission uuid[], p_actor text[],
    p_g int[], p_id uuid[], p_external text[], p_began timestamptz[], p_ring int[], p_talk int[], p_direction smallint[],
    p_caller text[], p_callee text[], p_tokens bigint[], p_bookings int[], p_billed int[], p_used int[],
    p_metered boolean[], p_price bigint[], p_wholesale bigint[], p_commission bigint[])
  returns table (ord int, status text, balance bigint, overrun bigint)
  language plpgsql security definer set search_path = ledger, pg_temp
  -- plans are made for good, so they must not depend on how full a table was: an empty month seems cheap to read whole
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_posted bigint[]; v_cover bigint[]; v_now bigint[]; v_currency text[]; v_line int[]; v_doubt boolean;
  v_live boolean; v_counted boolean; v_prepaid boolean; v_freed record;
  v_state text[]; v_new boolean[]; v_old_balance bigint[]; v_old_overrun bigint[];
  v_paid bigint[]; v_upto bigint[]; v_table text; v_passed bigint;
begin
  perform ledger.check_tenant(p_tenant);
  perform ledger.lock_wallets(p_tenant, p_wallet);
  select p.live, p.counted, p.prepaid into v_live, v_counted, v_prepaid from ledger.parts(p_tenant) p;
  if v_live then
    v_freed := ledger.free_holds(p_tenant, p_wallet, p_seq, p_g, p_id, p_actor);
    p_seq := v_freed.seq;
  end if;
  -- a group's wallet, by the group's number: an array is read by position where a join would search (-1: no such wallet)
  select array_agg(s.posted order by s.g), array_agg(s.cover order by s.g), array_agg(s.now_seq order by s.g),
         array_agg(s.currency order by s.g), array_agg(s.line order by s.g),
         bool_or(s.now_seq = -1 or s.seq <> -1 and s.seq <> s.now_seq)
    into v_posted, v_cover, v_now, v_currency, v_line, v_doubt
    from (select u.g, u.seq, coalesce(w.posted, 0) as posted,
                 greatest(0, coalesce(w.posted - w.held + w.credit_line, 0)) as cover,
                 coalesce(w.seq, -1) as now_seq, coalesce(w.currency, '') as currency,
                 dense_rank() over (order by u.t, u.w)::int as line
            from unnest(p_tenant, p_wallet, p_seq) with ordinality u(t, w, seq, g)
            left join ledger.wallet w on w.tenant_id = u.t and w.id = u.w) s;

  loop
    if v_doubt then
      -- what speaks against each call
      select array_agg(v.verdict order by v.ord), array_agg(v.verdict = 'booked' order by v.ord),
             array_agg(v.balance_after order by v.ord), array_agg(v.overrun order by v.ord)
        into v_state, v_new, v_old_balance, v_old_overrun
        from (
          -- prices that build on each other (allowance, volume) hold only if all of the wallet's calls are new
          select l.ord, l.balance_after, l.overrun,
                 case when l.state = 'booked' and p_seq[l.g] <> -1
                       and bool_or(l.state <> 'booked') over (partition by v_line[l.g])
                      then 'moved' else l.state end as verdict
            from (
              select e.ord, e.g, o.balance_after, o.overrun,
                     case when o.id is not null then
                            case when o.wallet_id = p_wallet[e.g] and o.began_at = e.began_at and o.ring_ms = e.ring_ms
                                  and o.talk_ms is not distinct from e.talk_ms and o.direction = e.direction
                                  and o.tokens = e.tokens and o.bookings = e.bookings
                                  and (o.caller is null or o.caller = e.caller)
                                  and (o.callee is null or o.callee = e.callee)
                                 then 'duplicate' else 'conflict' end
                          when v_now[e.g] = -1 then 'unknown'
                          when p_seq[e.g] <> -1 and p_seq[e.g] <> v_now[e.g] then 'moved'
                          when row_number() over (partition by p_tenant[e.g], e.id order by e.ord) > 1 then 'again'
                          else 'booked' end as state
                from unnest(p_g, p_id, p_began, p_ring, p_talk, p_direction, p_caller, p_callee, p_tokens, p_bookings)
                     with ordinality e(g, id, began_at, ring_ms, talk_ms, direction, caller, callee, tokens, bookings, ord)
                -- offset 0: always one probe of the index a call
                left join lateral (select u.* from ledger.usage u
                                    where u.tenant_id = p_tenant[e.g] and u.id = e.id offset 0) o on true) l) v;
      exit when not coalesce(true = any(v_new), false);
    end if;
    -- the part of each price that its wallet can pay, and what the wallet has paid up to it
    select array_agg(s.paid order by s.ord), array_agg(s.upto order by s.ord) into v_paid, v_upto
      from (select c.ord, least(c.cum, v_cover[c.g]) as upto,
                   least(c.cum, v_cover[c.g]) - least(c.cum - c.price, v_cover[c.g]) as paid
              from (select e.ord, e.g, e.price,
                           (sum(e.price) over (partition by v_line[e.g] order by e.ord rows unbounded preceding))::bigint as cum
                      from (select x.ord, x.g, case when v_new is null or v_new[x.ord] then x.price else 0 end as price
                              from unnest(p_g, p_price) with ordinality x(g, price, ord)) e) c) s;
    begin
      insert into ledger.usage (tenant_id, id, wallet_id, began_at, day, ring_ms, talk_ms, billed, direction, bookings, tokens,
                                price, wholesale, commission, overrun, balance_after, wallet_seq, used_before, metered,
                                chain_id, source, external_id, caller, callee)
      select p_tenant[e.g], e.id, p_wallet[e.g], e.began_at, p_day[e.g], e.ring_ms, e.talk_ms, e.billed, e.direction,
             e.bookings, e.tokens, e.price, e.wholesale, e.commission, e.price - v_paid[e.ord],
             v_posted[e.g] - v_upto[e.ord], v_now[e.g] + 1, e.used_before, e.metered,
             nullif(p_chain[e.g], '00000000-0000-0000-0000-000000000000'), p_source[e.g], e.external_id, e.caller, e.callee
        from unnest(p_g, p_id, p_external, p_began, p_ring, p_talk, p_direction, p_caller, p_callee, p_tokens, p_bookings,
                    p_billed, p_used, p_metered, p_price, p_wholesale, p_commission)
             with ordinality e(g, id, external_id, began_at, ring_ms, talk_ms, direction, caller, callee, tokens, bookings,
                               billed, used_before, metered, price, wholesale, commission, ord)
       where v_new is null or v_new[e.ord]
       order by e.id;
      exit;
    exception when unique_violation then
      get stacked diagnostics v_table = table_name;
      if v_table !~ '^usage_\d{6}$' then
        raise;
      elsif v_new is not null then
        raise exception 'another train booked the same call' using errcode = 'serialization_failure';
      end if;
    end;
    v_doubt := true;
  end loop;

  if v_new is null or true = any(v_new) then
    with walk as materialized (
      select d.*, (sum(d.paid) over (partition by v_line[d.g] order by d.day))::bigint as upto
        from (select p_tenant[min(e.g)] as tenant_id, p_wallet[min(e.g)] as wallet_id, p_day[e.g] as day,
                     sum(v_paid[e.ord])::bigint as paid, sum(e.price - v_paid[e.ord])::bigint as overrun,
                     count(*)::int as calls,
                     count(e.talk_ms)::int as answered, sum(e.billed)::bigint as billed,
                     coalesce(sum(e.billed) filter (where e.metered), 0)::bigint as metered, sum(e.price)::bigint as price,
                     sum(e.wholesale)::bigint as wholesale, sum(e.commission)::bigint as commission,
                     max(e.began_at) as latest, min(e.g) as g
                from unnest(p_g, p_began, p_talk, p_billed, p_metered, p_price, p_wholesale, p_commission) with ordinality
                     e(g, began_at, talk_ms, billed, metered, price, wholesale, commission, ord)
               where v_new is null or v_new[e.ord]
               group by v_line[e.g], p_day[e.g]) d
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
    spent as (
      insert into ledger.spend_day as d (tenant_id, subject, day, spent)
      select w.tenant_id, case when l.scope = 'customer' then w.wallet_id else w.tenant_id end, w.day, sum(w.price)
        from walk w
        join ledger.call_limit l on l.tenant_id = w.tenant_id and l.counted
         and (l.scope = 'customer' and l.subject = w.wallet_id::text or l.scope = 'reseller' and l.currency = v_currency[w.g])
       where v_counted
       group by 1, 2, 3 order by 1, 2, 3
      on conflict (tenant_id, subject, day) do update set spent = d.spent + excluded.spent
    ),
    passed_on as materialized (
      select w.tenant_id, f.wallet_id, f.currency, w.day, sum(w.wholesale)::bigint as amount, max(w.latest) as latest,
             min(w.g) as g
        from walk w
        join ledger.funding f on f.tenant_id = w.tenant_id and f.currency = v_currency[w.g] and f.until is null
       where v_prepaid
       group by 1, 2, 3, 4 having sum(w.wholesale) > 0
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
    -- what a reseller owes for them is taken from its wallet, whatever that holds (the customers have talked already)
    select count(*) into v_passed
      from passed_on p,
           ledger.book(p.tenant_id, ledger.sibling(p_t_usage[p.g]), p_t_usage[p.g], p.wallet_id,
                       ledger.account_id(p.tenant_id, 'revenue', p.currency, 'wholesale'), p.amount, 'wholesale', null,
                       p.day, p.latest, p_actor[p.g], '', null, true, null);
  end if;
  if v_live then
    perform ledger.close_holds(v_freed.tenants, v_freed.ids);
  end if;
  if v_new is null then
    return query
      select e.ord::int, 'booked', v_posted[e.g] - v_upto[e.ord], e.price - v_paid[e.ord]
        from unnest(p_g, p_price) with ordinality e(g, price, ord);
  else
    return query
      select e.ord::int, e.state, case when e.state = 'booked' then v_posted[e.g] - v_upto[e.ord] else e.balance end,
             case when e.state = 'booked' then e.price - v_paid[e.ord] else e.overrun end
        from unnest(p_g, p_price, v_state, v_old_balance, v_old_overrun) with ordinality
             e(g, price, state, balance, overrun, ord);
  end if;
end $$;

do $$
declare f regprocedure;
begin
  grant create on schema ledger to askpro_ledger;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname = 'post_usage' loop
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
