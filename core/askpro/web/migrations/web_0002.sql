-- The portal's busiest reads, each in one round trip. They run with the caller's rights and bind themselves to the tenant
-- (wallets.enter), so row-level security guards them like any unit.

-- Who is behind a session's token; null when nobody is. Keeps to the minute when the session was last seen.
create function web.visitor(p_tenant uuid, p_hash bytea, p_now timestamptz, p_seen_after timestamptz) returns jsonb
  language plpgsql set search_path = people, ledger, wallets, pg_temp as $$
declare v_seen timestamptz; v_found jsonb;
begin
  perform wallets.enter(p_tenant);
  select s.seen_at, jsonb_build_object(
           'person', to_jsonb(p) - 'tenant_id' - 'password_hash',
           'customer', case when c.id is not null then
                         to_jsonb(c) - 'tenant_id' || jsonb_build_object('wallet_id', w.id) end)
    into v_seen, v_found
    from people.session s
    join people.person p on p.tenant_id = s.tenant_id and p.id = s.person_id and p.status = 'active'
    left join people.customer c on c.tenant_id = p.tenant_id and c.id = p.customer_id
    left join ledger.wallet w on w.tenant_id = c.tenant_id and w.customer_id = c.id and w.currency = c.currency
   where s.tenant_id = p_tenant and s.token_hash = p_hash and s.expires_at > p_now and s.seen_at > p_seen_after;
  if v_found is not null and v_seen < p_now - interval '1 minute' then
    update people.session set seen_at = p_now where tenant_id = p_tenant and token_hash = p_hash;
  end if;
  return v_found;
end $$;

-- A wallet, its latest bookings with the top-ups behind them, and the top-ups that are not booked.
create function web.overview(p_tenant uuid, p_wallet uuid, p_limit int) returns jsonb
  language plpgsql set search_path = ledger, payments, wallets, pg_temp as $$
declare v_lines jsonb; v_more boolean; v_oldest timestamptz;
begin
  perform wallets.enter(p_tenant);
  with lines as (
    select * from (
      (select id, kind, -amount as amount, debit_balance as balance, debit_seq as seq, day, occurred_at, booked_at,
              reason, key, calls, reverses
         from ledger.transfer where tenant_id = p_tenant and debit_account = p_wallet and debit_seq is not null
        order by debit_seq desc, day desc, id desc limit p_limit + 1)
      union all
      (select id, kind, amount, credit_balance, credit_seq, day, occurred_at, booked_at, reason, key, calls, reverses
         from ledger.transfer where tenant_id = p_tenant and credit_account = p_wallet and credit_seq is not null
        order by credit_seq desc, day desc, id desc limit p_limit + 1)
    ) both_sides order by seq desc, day desc, id desc limit p_limit + 1
  ), cut as (
    select *, row_number() over (order by seq desc, day desc, id desc) as n from lines
  )
  select coalesce(jsonb_agg(to_jsonb(cut) - 'n' order by n) filter (where n <= p_limit), '[]'),
         count(*) > p_limit, min(booked_at) filter (where n <= p_limit)
    into v_lines, v_more, v_oldest from cut;
  return jsonb_build_object(
    'wallet', (select to_jsonb(w) - 'tenant_id' from ledger.wallet w where w.tenant_id = p_tenant and w.id = p_wallet),
    'low_balance', coalesce((select low_balance from wallets.preference
                              where tenant_id = p_tenant and wallet_id = p_wallet), 0),
    'lines', v_lines,
    'paid', coalesce((select jsonb_object_agg(o.transfer_id, to_jsonb(o) || jsonb_build_object('tax_rate', o.tax_rate::text)) from payments.orders o
                       where o.tenant_id = p_tenant and o.wallet_id = p_wallet and o.transfer_id in
                             (select (l ->> 'id')::uuid from jsonb_array_elements(v_lines) l)), '{}'),
    'orders', coalesce((select jsonb_agg(to_jsonb(o) || jsonb_build_object('tax_rate', o.tax_rate::text)) from (
                         select * from payments.orders o
                          where o.tenant_id = p_tenant and o.wallet_id = p_wallet and o.reason <> 'cancelled'
                            and o.state in ('unknown', 'pending', 'declined')
                            and (not v_more or o.created_at >= v_oldest)
                          order by o.created_at desc, o.id desc limit p_limit) o), '[]'));
end $$;
