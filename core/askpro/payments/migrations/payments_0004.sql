-- Where providers deliver their events, and what an event says beside its number.

-- One address a tenant, provider and account. The platform's own row is the address that tenants share.
create table payments.endpoint (
  tenant_id        uuid not null,
  id               uuid not null,
  provider         text not null check (provider ~ '^[a-z][a-z0-9_]{0,62}$'),
  account          text not null default '',
  token_hash       bytea not null check (length(token_hash) = 32),
  token            bytea not null,               -- sealed, so that the address can be shown again
  created_at       timestamptz not null default now(),
  last_event_at    timestamptz,                  -- the last delivery whose signature was right
  accepted         bigint not null default 0,
  ignored          bigint not null default 0,    -- rightly signed, and about nothing of ours: not stored
  refused          bigint not null default 0,    -- wrongly signed: not stored
  last_refused_at  timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, provider, account),
  unique (tenant_id, token_hash)
);
select tenancy.protect('payments.endpoint', 'insert, update');

alter table payments.inbox
  add column type         text not null default '',       -- the provider's own word
  add column payment_ref  text not null default '',       -- of the payment that a refund or a dispute is about
  add column live         boolean not null default true;  -- false: test money
create index inbox_dead on payments.inbox (tenant_id, id) where dead_at is not null;
