-- The outbox: facts written in the same transaction as the change they tell of.

create schema events;
grant usage on schema events to askpro_app, askpro_platform;

create table events.outbox (
  tenant_id     uuid not null,
  id            uuid not null,
  kind          text not null,
  payload       jsonb not null,
  created_at    timestamptz not null default now(),
  delivered     text[] not null default '{}',     -- subscribers that have it
  attempts      int not null default 0,
  next_try      timestamptz not null default now(),
  done_at       timestamptz,
  dead_at       timestamptz,                      -- given up; shown, and replayed by hand
  last_error    text not null default '',
  primary key (tenant_id, id),
  check (done_at is null or dead_at is null)
);
create index outbox_due on events.outbox (tenant_id, next_try) where done_at is null and dead_at is null;
create index outbox_dead on events.outbox (tenant_id, id) where dead_at is not null;
create index outbox_done on events.outbox (done_at) where done_at is not null;
select tenancy.protect('events.outbox');

-- Who has events waiting: asked every minute by the sweeper, which learns ids of tenants and nothing else.
create function events.due_tenants() returns setof uuid
  language sql stable security definer set search_path = events, pg_temp as $$
  select distinct o.tenant_id from events.outbox o
   where o.done_at is null and o.dead_at is null and o.next_try <= now()
$$;
grant create on schema events to askpro_platform;
alter function events.due_tenants() owner to askpro_platform;
revoke create on schema events from askpro_platform;
revoke all on function events.due_tenants() from public;
grant execute on function events.due_tenants() to askpro_app, askpro_platform;
