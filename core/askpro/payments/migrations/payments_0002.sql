-- Refunds and disputes: money of a paid order that goes back.

-- Committed, with the credit taken out of the wallet, before the provider is asked. Its id is the key the provider knows
-- it by, unless somebody made it at the provider's own desk.
create table payments.refund (
  tenant_id      uuid not null,
  id             uuid not null,
  order_id       uuid not null,
  attempt_id     uuid not null,                  -- the payment
  provider       text not null,
  account        text not null default '',
  provider_ref   text,
  origin         text not null default 'ours' check (origin in ('ours', 'provider')),
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  net            bigint not null check (net >= 0),
  tax            bigint not null check (tax >= 0),
  gross          bigint not null check (gross > 0 and gross = net + tax),
  state          text not null default 'new' check (state in ('new', 'unknown', 'pending', 'declined', 'settled')),
  closed         boolean not null default false, -- the provider itself has said that it was declined: nothing follows
  code           text not null default '',       -- why not: stable and machine readable
  reason         text not null default '',
  idempotency    text not null check (length(idempotency) between 1 and 255),
  by             text not null,
  taken          boolean not null default true,  -- whether the credit is out of the wallet
  transfers      uuid[] not null default '{}',   -- all bookings, in order
  look_ups       int not null default 0,
  look_up_at     timestamptz,                    -- when the janitor asks next; null: nothing more to learn
  created_at     timestamptz not null default now(),
  changed_at     timestamptz not null default now(),
  settled_at     timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, order_id, idempotency),
  check (taken = (state <> 'declined')),
  check (not closed or state = 'declined')
);
create unique index refund_ref on payments.refund (tenant_id, provider, account, provider_ref);
create index refund_look_up on payments.refund (look_up_at) where look_up_at is not null;
select tenancy.protect('payments.refund', 'insert, update');

-- A bank takes the money back, argues about it, and sometimes returns it.
create table payments.dispute (
  tenant_id      uuid not null,
  id             uuid not null,
  order_id       uuid not null,
  attempt_id     uuid not null,
  wallet_id      uuid not null,
  provider       text not null,
  account        text not null default '',
  ref            text not null,                  -- the provider's number
  payment_ref    text not null default '',
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  amount         bigint not null check (amount > 0),   -- what the bank wants back, taxes included
  state          text not null default 'open' check (state in ('open', 'withdrawn', 'won', 'lost')),
  reason         text not null default '',
  fee            bigint,                         -- what the provider keeps for it, in fee_currency; not booked
  fee_currency   text not null default '',
  answer_by      timestamptz,
  froze          boolean not null default false, -- it keeps the wallet frozen
  released_at    timestamptz,                    -- somebody has released the wallet all the same
  net            bigint not null default 0 check (net >= 0),        -- what is taken at present
  tax            bigint not null default 0 check (tax >= 0),
  gross          bigint not null default 0 check (gross = net + tax and gross <= amount),
  clawed         bigint not null default 0,      -- wallet credit taken, ever
  reinstated     bigint not null default 0,      -- of that, given back
  transfers      uuid[] not null default '{}',
  look_ups       int not null default 0,         -- in a row that had no answer
  look_up_at     timestamptz,                    -- when the janitor asks next; null: nothing more to learn
  created_at     timestamptz not null default now(),
  changed_at     timestamptz not null default now(),
  closed_at      timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, provider, account, ref),
  check (net = clawed - reinstated),
  check (gross = 0 or state = 'lost'),
  check (look_up_at is not null or state in ('won', 'lost'))   -- never given up while it is argued about
);
create index dispute_order on payments.dispute (tenant_id, order_id);
create index dispute_wallet on payments.dispute (tenant_id, wallet_id);
create index dispute_look_up on payments.dispute (look_up_at) where look_up_at is not null;
select tenancy.protect('payments.dispute', 'insert, update');

-- Staff read payments latest first; ids are time-ordered.
create index orders_customer on payments.orders (tenant_id, customer_id, id);

create function payments.due_refunds(p_now timestamptz) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = payments, pg_temp as $$
  select r.tenant_id, r.id from payments.refund r where r.look_up_at <= p_now order by r.look_up_at limit 500
$$;
create function payments.due_disputes(p_now timestamptz) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = payments, pg_temp as $$
  select d.tenant_id, d.id from payments.dispute d where d.look_up_at <= p_now order by d.look_up_at limit 500
$$;
do $$
begin
  grant create on schema payments to askpro_platform;
  alter function payments.due_refunds(timestamptz) owner to askpro_platform;
  revoke all on function payments.due_refunds(timestamptz) from public;
  grant execute on function payments.due_refunds(timestamptz) to askpro_app, askpro_platform;
  alter function payments.due_disputes(timestamptz) owner to askpro_platform;
  revoke all on function payments.due_disputes(timestamptz) from public;
  grant execute on function payments.due_disputes(timestamptz) to askpro_app, askpro_platform;
  revoke create on schema payments from askpro_platform;
end $$;
