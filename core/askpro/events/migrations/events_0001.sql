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
  last_error    text not null default '',
  primary key (tenant_id, id)
);
create index outbox_due on events.outbox (next_try) where done_at is null;
select tenancy.protect('events.outbox');
