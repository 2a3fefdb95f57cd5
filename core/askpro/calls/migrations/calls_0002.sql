-- Calls in progress. The ledger decides about money; what it does not know (who is a customer, of which plan, whether
-- prices are still those they were) is looked at here, in the same round trip.

-- ledger.authorize_calls, asked about customers by their number. What the caller believes of each is compared with what
-- is so; status beside the ledger's own: stale (look again: the last columns say what is so), unknown_customer,
-- customer_suspended, customer_closed, reseller_suspended, reseller_closed.
create function calls.authorize(
    p_tenant uuid[], p_number text[], p_customer uuid[], p_plan uuid[], p_wallet uuid[], p_epoch bigint[], p_verdict text[],
    p_id uuid[], p_line text[], p_source text[], p_external text[], p_direction smallint[], p_caller text[], p_callee text[],
    p_began timestamptz[], p_day date[], p_at timestamptz[], p_actor text[], p_held bigint[], p_wholesale bigint[],
    p_cover int[], p_metered boolean[], p_used bigint[])
  returns table (ord int, status text, held bigint, wholesale bigint, cover int, extends int, available bigint,
                 reseller_available bigint, rest bigint, longest int, soft text[], used bigint,
                 customer_id uuid, plan_id uuid, wallet_id uuid, currency text, epoch bigint)
  language plpgsql security definer set search_path = calls, people, ledger, tenancy, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_verdict text[]; v_customer uuid[]; v_plan uuid[]; v_wallet uuid[]; v_currency text[]; v_epoch bigint[];
begin
  perform ledger.check_tenant(p_tenant);
  select array_agg(case when c.id is null or w.id is null then 'unknown_customer'
                        when t.status <> 'active' then 'reseller_' || t.status
                        when c.status <> 'active' then 'customer_' || c.status
                        when c.id <> p_customer[u.ord] or c.plan_id is distinct from p_plan[u.ord] or w.id <> p_wallet[u.ord]
                          or t.tariff_epoch + p.tariff_epoch <> p_epoch[u.ord] then 'stale'
                        else p_verdict[u.ord] end order by u.ord),
         array_agg(c.id order by u.ord), array_agg(c.plan_id order by u.ord), array_agg(w.id order by u.ord),
         array_agg(c.currency order by u.ord), array_agg(t.tariff_epoch + p.tariff_epoch order by u.ord)
    into v_verdict, v_customer, v_plan, v_wallet, v_currency, v_epoch
    from unnest(p_tenant, p_number) with ordinality u(tenant_id, number, ord)
    join tenancy.tenant p on p.id = '00000000-0000-0000-0000-000000000000'
    left join tenancy.tenant t on t.id = u.tenant_id
    left join people.customer c on c.tenant_id = u.tenant_id and c.number = u.number
    left join ledger.wallet w on w.tenant_id = c.tenant_id and w.customer_id = c.id and w.currency = c.currency;
  return query
    select a.ord, a.status, a.held, a.wholesale, a.cover, a.extends, a.available, a.reseller_available, a.rest, a.longest,
           a.soft, case when a.status = 'stale' and v_wallet[a.ord] is not null
                        then ledger.month_seconds(p_tenant[a.ord], v_wallet[a.ord], p_day[a.ord]) else a.used end,
           v_customer[a.ord], v_plan[a.ord], v_wallet[a.ord], v_currency[a.ord], v_epoch[a.ord]
      from ledger.authorize_calls(p_tenant, p_id, p_wallet, v_verdict, p_number, p_line, p_source, p_external, p_direction,
                                  p_caller, p_callee, p_began, p_day, p_at, p_actor, p_held, p_wholesale, p_cover, p_metered,
                                  p_used) a
     order by a.ord;
end $$;

-- What the next step of calls in progress needs to know of each. `used`: the month's seconds beside this call's own.
create function calls.in_progress(p_tenant uuid[], p_id uuid[])
  returns table (ord int, state text, customer text, customer_id uuid, plan_id uuid, allowed boolean, currency text,
                 direction smallint, caller text, callee text, source text, external_id text, began_at timestamptz,
                 answered_at timestamptz, heartbeat_at timestamptz, held bigint, wholesale bigint, cover int, extends int,
                 tokens bigint, bookings int, prepaid boolean, unbilled int, zone text, epoch bigint, used bigint)
  language sql stable security definer set search_path = calls, people, ledger, tenancy, pg_temp
  set enable_seqscan = off as $$
  select u.ord::int, h.state, h.customer, c.id, c.plan_id, t.status = 'active' and c.status = 'active', h.currency, h.direction,
         h.caller, h.callee, h.source, h.external_id, h.began_at, h.answered_at, h.heartbeat_at, h.held, h.wholesale, h.cover,
         h.extends, h.tokens, h.bookings, h.reseller_id is not null, h.unbilled, t.timezone, t.tariff_epoch + p.tariff_epoch,
         case when h.staged then ledger.month_seconds(h.tenant_id, h.wallet_id, h.day, h.id) else 0 end
    from unnest(p_tenant, p_id) with ordinality u(tenant_id, id, ord)
   cross join lateral (select * from ledger.hold o where o.tenant_id = u.tenant_id and o.id = u.id offset 0) h
    join tenancy.tenant t on t.id = h.tenant_id
    join tenancy.tenant p on p.id = '00000000-0000-0000-0000-000000000000'
    join people.customer c on c.tenant_id = h.tenant_id and c.number = h.customer
   where tenancy.current_tenant() is null or tenancy.current_tenant() = u.tenant_id
$$;

do $$
declare f regprocedure;
begin
  grant create on schema calls to askpro_platform;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'calls' and p.proname in ('authorize', 'in_progress') loop
    execute format('alter function %s owner to askpro_platform', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to askpro_app', f);
  end loop;
  revoke create on schema calls from askpro_platform;
end $$;
