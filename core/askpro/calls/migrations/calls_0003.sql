-- Soft caps on spending that are passed and have not been told in their period, of all tenants. Spending counts as
-- ledger.spending() counts it: what is booked, by the civil day a call began, and what is held for open calls. Just after
-- midnight the day before is looked at, too.
create function calls.passed_soft_caps(p_at timestamptz)
  returns table (tenant_id uuid, scope text, subject text, period text, begins date)
  language sql stable security definer set search_path = calls, ledger, tenancy, pg_temp as $$
  with capped as materialized (
    select l.*, d.day
      from ledger.call_limit l
      join tenancy.tenant t on t.id = l.tenant_id and t.status = 'active'
     cross join lateral (select distinct (u.at at time zone t.timezone)::date as day
                           from (values (p_at), (p_at - interval '5 minutes')) u(at)) d
     where l.counted and coalesce(l.day_soft, l.week_soft, l.month_soft) is not null
  ), news as materialized (
    select c.*, v.period, v.begins, v.soft
      from capped c
     cross join lateral (values ('day', c.day, c.day_soft), ('week', date_trunc('week', c.day)::date, c.week_soft),
                                ('month', date_trunc('month', c.day)::date, c.month_soft)) v(period, begins, soft)
     where v.soft is not null and coalesce((c.told ->> v.period)::date < v.begins, true)
  )
  select distinct n.tenant_id, n.scope, n.subject, n.period, n.begins
    from news n
   where n.soft < (select coalesce(sum(s.spent), 0) from ledger.spend_day s
                    where s.tenant_id = n.tenant_id and s.day >= n.begins
                      and s.subject = case when n.scope = 'customer' then n.subject::uuid else n.tenant_id end
                      and date_trunc(n.period, s.day) = date_trunc(n.period, n.begins))
                + (select coalesce(sum(h.held), 0) from ledger.hold h
                    where h.tenant_id = n.tenant_id and h.state = 'open'
                      and case when n.scope = 'customer' then h.wallet_id::text = n.subject else h.currency = n.currency end)
   order by n.tenant_id, n.begins
$$;

grant create on schema calls to askpro_platform;
alter function calls.passed_soft_caps(timestamptz) owner to askpro_platform;
revoke create on schema calls from askpro_platform;
revoke all on function calls.passed_soft_caps(timestamptz) from public;
grant execute on function calls.passed_soft_caps(timestamptz) to askpro_app, askpro_platform;
