-- Usage that was refused, and imports of call records. Booked calls are ledger.usage.

create schema calls;
grant usage on schema calls to askpro_app, askpro_platform;

-- A finished call that could not be booked, kept so that nobody overlooks it; the same report again is a duplicate.
create table calls.refusal (
  tenant_id    uuid not null,
  id           uuid not null,
  source       text not null,
  external_id  text not null,
  reason       text not null,
  event        jsonb not null,
  digest       bytea not null,
  first_at     timestamptz not null default now(),
  last_at      timestamptz not null default now(),
  resolved_at  timestamptz,
  primary key (tenant_id, id)
);
select tenancy.protect('calls.refusal', 'insert, update');

-- An import reads a file that may hold several resellers' calls, so it belongs to the platform.
create table calls.import_run (
  id           uuid primary key,
  file_name    text not null,
  digest       bytea not null,
  layout       text not null,
  source       text not null,
  state        text not null default 'running' check (state in ('running', 'done')),
  next_line    bigint not null,
  counts       jsonb not null default '{}',
  started_at   timestamptz not null default now(),
  touched_at   timestamptz not null default now(),
  finished_at  timestamptz
);
create unique index import_unfinished on calls.import_run (digest, source) where state = 'running';
create table calls.import_reject (
  run_id       uuid not null,
  line         bigint not null,
  external_id  text not null,
  tenant       text not null,
  outcome      text not null,
  reason       text not null,
  detail       text not null default '',
  primary key (run_id, line)
);
grant select, insert, update, delete on calls.import_run, calls.import_reject to askpro_platform;

-- What rating needs to know of each (tenant, customer number, civil month), in one round trip.
create function calls.usage_state(p_tenant uuid[], p_number text[], p_month date[])
  returns table (ord int, customer_id uuid, plan_id uuid, status text, wallet_id uuid, currency text, seq bigint,
                 used_seconds bigint, epoch bigint)
  language sql stable security definer set search_path = people, ledger, tenancy, pg_temp as $$
  select u.ord::int, c.id, c.plan_id, c.status, w.id, c.currency, w.seq, coalesce(m.metered, 0),
         t.tariff_epoch + (select p.tariff_epoch from tenancy.tenant p where p.kind = 'platform')
    from unnest(p_tenant, p_number, p_month) with ordinality u(tenant_id, number, month, ord)
    join tenancy.tenant t on t.id = u.tenant_id
    left join people.customer c on c.tenant_id = u.tenant_id and c.number = u.number
    left join ledger.wallet w on w.tenant_id = c.tenant_id and w.customer_id = c.id and w.currency = c.currency
    left join ledger.usage_month m on m.tenant_id = w.tenant_id and m.wallet_id = w.id and m.month = u.month
   where tenancy.current_tenant() is null or tenancy.current_tenant() = u.tenant_id
$$;
grant create on schema calls to askpro_platform;
alter function calls.usage_state(uuid[], text[], date[]) owner to askpro_platform;
revoke create on schema calls from askpro_platform;

-- Keep what was refused. Answers for each: refused (new, or refused for the first time with this content) ·
-- duplicate (the same report was refused before) · known (the same call is booked: its balance and overrun) ·
-- conflict (its id is booked with other content). Whether a call is the same is asked as ledger.post_usage asks it.
create function calls.record_refusals(p_tenant uuid[], p_id uuid[], p_source text[], p_external text[], p_reason text[],
                                      p_event jsonb[], p_digest bytea[])
  returns table (ord int, status text, currency text, balance bigint, overrun bigint) language plpgsql security definer
  set search_path = calls, ledger, people, tenancy, pg_temp as $$
#variable_conflict use_column
begin
  perform ledger.check_tenant(p_tenant);
  return query
  with e as materialized (
    select x.*, (event ->> 'started_at')::timestamptz as began, (event ->> 'ended_at')::timestamptz as ended,
           case when event ->> 'disposition' = 'ANSWERED' then (event ->> 'answered_at')::timestamptz end as answered
      from unnest(p_tenant, p_id, p_source, p_external, p_reason, p_event, p_digest) with ordinality
           x(tenant_id, id, source, external_id, reason, event, digest, ord)
  ),
  seen as materialized (
    select e.*, b.id is not null as booked, r.digest as old_digest, w.currency, b.balance_after, b.overrun,
           coalesce(
             c.number = e.event ->> 'customer' and b.began_at = e.began
             and b.ring_ms = floor(extract(epoch from coalesce(e.answered, e.ended) - e.began) * 1000)
             and b.talk_ms is not distinct from floor(extract(epoch from e.ended - e.answered) * 1000)
             and b.direction = case e.event ->> 'direction' when 'inbound' then 0 when 'outbound' then 1 end
             and b.tokens = (e.event ->> 'tokens')::numeric and b.bookings = (e.event ->> 'bookings')::numeric
             and (b.caller is null or b.caller = e.event ->> 'from_number')
             and (b.callee is null or b.callee = e.event ->> 'to_number'), false) as same
      from e
      left join ledger.usage b on b.tenant_id = e.tenant_id and b.id = e.id
      left join ledger.wallet w on w.tenant_id = b.tenant_id and w.id = b.wallet_id
      left join people.customer c on c.tenant_id = w.tenant_id and c.id = w.customer_id
      left join calls.refusal r on r.tenant_id = e.tenant_id and r.id = e.id
  ),
  kept as (
    insert into calls.refusal as r (tenant_id, id, source, external_id, reason, event, digest)
    select tenant_id, id, source, external_id, reason, event, digest from seen where not booked order by tenant_id, id
    on conflict (tenant_id, id) do update
      set last_at = now(), reason = excluded.reason, event = excluded.event, digest = excluded.digest
  )
  select s.ord::int,
         case when s.booked then case when s.same then 'known' else 'conflict' end
              when s.old_digest = s.digest then 'duplicate' else 'refused' end,
         s.currency, s.balance_after, s.overrun
    from seen s order by s.ord;
end $$;
grant create on schema calls to askpro_platform;
alter function calls.record_refusals(uuid[], uuid[], text[], text[], text[], jsonb[], bytea[]) owner to askpro_platform;
revoke create on schema calls from askpro_platform;
