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
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  net            bigint not null check (net > 0),
  tax            bigint not null check (tax >= 0),
  gross          bigint not null check (gross = net + tax),
  tax_rate       numeric(6, 4) not null,
  provider       text not null,
  idempotency    text not null check (length(idempotency) between 1 and 255),
  state          text not null default 'new'
                 check (state in ('new', 'unknown', 'pending', 'declined', 'expired', 'settled')),
  reason         text not null default '',       -- why not: stable and machine readable
  flag           text not null default '',       -- what somebody has to look at; money that came and was not credited
  method         text not null default '',       -- what paid, as people know it
  reference      text not null,
  transfer_id    uuid,                           -- the credit
  created_at     timestamptz not null default now(),
  settled_at     timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, customer_id, idempotency),
  unique (tenant_id, reference),
  check ((state = 'settled') = (transfer_id is not null)),
  check ((state = 'settled') = (settled_at is not null))
);
create index orders_wallet on payments.orders (tenant_id, wallet_id, created_at);
select tenancy.protect('payments.orders', 'insert, update');

-- One try to collect an order, committed before the provider is called. Its id is the key the provider knows it by.
create table payments.attempt (
  tenant_id      uuid not null,
  id             uuid not null,
  order_id       uuid not null,
  provider       text not null,
  account        text not null default '',
  provider_ref   text,
  checkout_url   text,
  state          text not null default 'new'
                 check (state in ('new', 'unknown', 'pending', 'declined', 'not_sent', 'settled')),
  method         text not null default '',
  detail         jsonb not null default '{}',
  created_at     timestamptz not null default now(),
  changed_at     timestamptz not null default now(),
  expires_at     timestamptz,                    -- of the provider's page
  look_ups       int not null default 0,
  look_up_at     timestamptz,                    -- when the janitor asks next; null: nothing more to learn
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
  key           text not null default '',        -- ours, where the provider handed it back
  provider_ref  text not null default '',
  body          bytea not null,
  headers       jsonb not null default '{}',
  received_at   timestamptz not null default now(),
  attempts      int not null default 0,
  next_try      timestamptz not null default now(),
  processed_at  timestamptz,
  dead_at       timestamptz,                     -- given up; shown, and replayed by hand
  last_error    text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, provider, account, event_id),
  check (processed_at is null or dead_at is null)
);
create index inbox_due on payments.inbox (next_try) where processed_at is null and dead_at is null;
select tenancy.protect('payments.inbox', 'insert, update');
grant delete on payments.inbox to askpro_platform;

-- What the janitor has to do, across tenants: it learns ids and nothing else.
create function payments.due_attempts(p_now timestamptz) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = payments, pg_temp as $$
  select a.tenant_id, a.id from payments.attempt a where a.look_up_at <= p_now order by a.look_up_at limit 500
$$;
create function payments.due_events(p_now timestamptz) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = payments, pg_temp as $$
  select i.tenant_id, i.id from payments.inbox i
   where i.processed_at is null and i.dead_at is null and i.next_try <= p_now order by i.next_try limit 500
$$;
do $$
declare f text;
begin
  grant create on schema payments to askpro_platform;
  foreach f in array array['payments.due_attempts(timestamptz)', 'payments.due_events(timestamptz)'] loop
    execute format('alter function %s owner to askpro_platform', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  revoke create on schema payments from askpro_platform;
end $$;
