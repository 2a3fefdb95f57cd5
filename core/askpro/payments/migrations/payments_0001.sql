-- Orders, attempts and what providers tell us.

create schema payments;
grant usage on schema payments to askpro_app, askpro_platform;

-- net, tax and gross are fixed when the order is made; credit is posted from here, never from a provider's figure.
create table payments.orders (
  tenant_id      uuid not null,
  id             uuid not null,
  customer_id    uuid not null,
  wallet_id      uuid not null,
  person_id      uuid,
  currency       text not null,
  net            bigint not null check (net > 0),
  tax            bigint not null check (tax >= 0),
  gross          bigint not null check (gross = net + tax),
  tax_rate       numeric(6, 4) not null,
  provider       text not null,
  idempotency    text not null,
  state          text not null default 'new'
                 check (state in ('new', 'pending', 'settled', 'declined', 'unknown', 'expired')),
  reason         text not null default '',
  reference      text not null,
  created_at     timestamptz not null default now(),
  settled_at     timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, customer_id, idempotency),
  unique (tenant_id, reference)
);
create index orders_wallet on payments.orders (tenant_id, wallet_id, id);
select tenancy.protect('payments.orders', 'insert, update');

-- One try to collect an order. Committed before the provider is called.
create table payments.attempt (
  tenant_id      uuid not null,
  id             uuid not null,
  order_id       uuid not null,
  provider       text not null,
  account        text not null default '',
  provider_ref   text,
  checkout_url   text,
  state          text not null default 'new'
                 check (state in ('new', 'pending', 'settled', 'declined', 'unknown', 'not_sent')),
  method         text not null default '',
  detail         jsonb not null default '{}',
  created_at     timestamptz not null default now(),
  changed_at     timestamptz not null default now(),
  look_up_at     timestamptz,
  primary key (tenant_id, id)
);
create unique index attempt_ref on payments.attempt (tenant_id, provider, account, provider_ref);
create index attempt_order on payments.attempt (tenant_id, order_id);
create index attempt_look_up on payments.attempt (look_up_at) where look_up_at is not null;
select tenancy.protect('payments.attempt', 'insert, update');

-- Raw provider events: stored first, understood later.
create table payments.inbox (
  tenant_id     uuid not null,
  id            uuid not null,
  provider      text not null,
  account       text not null default '',
  event_id      text not null,
  kind          text not null default '',
  body          bytea not null,
  headers       jsonb not null default '{}',
  received_at   timestamptz not null default now(),
  attempts      int not null default 0,
  processed_at  timestamptz,
  dead_at       timestamptz,
  last_error    text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, provider, account, event_id)
);
select tenancy.protect('payments.inbox', 'insert, update');
