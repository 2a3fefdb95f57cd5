-- Stored answers of idempotent commands (D12) and the counters of the rate limiter.

create schema web;
grant usage on schema web to askpro_app, askpro_platform;

create table web.idempotency (
  tenant_id     uuid not null,
  principal     text not null,
  route         text not null,
  key           text not null check (length(key) between 1 and 255),
  body_hash     bytea not null,
  status        int,                     -- null: still running
  headers       jsonb,
  body          bytea,
  created_at    timestamptz not null default now(),
  expires_at    timestamptz not null,
  primary key (tenant_id, principal, route, key)
);
create index idempotency_expiry on web.idempotency (expires_at);
select tenancy.protect('web.idempotency');

-- Counters only: losing them in a crash costs one window. A bucket's name is a digest, never an address.
create unlogged table web.rate (
  bucket      uuid not null,
  window_at   timestamptz not null,
  n           int not null,
  primary key (bucket, window_at)
);
grant select, insert, update, delete on web.rate to askpro_app;

-- Readiness compares what ran with what the code has.
grant select on public.migration to askpro_app, askpro_platform;
