-- What was asked of Stripe, under our keys. No names, no addresses: a customer here is our id and Stripe's.

create table plug_stripe.request (
  tenant_id    uuid not null,
  family       text not null check (family in ('payment', 'setup', 'refund', 'payout')),
  key          text not null,
  kind         text not null check (kind in ('checkout', 'charge', 'setup', 'refund', 'payout')),
  account      text not null,                 -- 'own', 'platform', or the connected account that is asked
  destination  text not null default '',      -- the connected account that gets the money, where another one is asked
  live         boolean not null,
  subject      text not null,                 -- our customer; of a refund the payment, of a payout the destination
  units        bigint not null default 0 check (units >= 0),
  currency     text not null default '',
  fee          bigint not null default 0,     -- the platform's share, in units
  params       text not null,                 -- JSON, as it was sent
  tries        int not null default 1,        -- part of Stripe's idempotency key; a new one only after a proven miss
  state        text not null check (state in ('sent', 'known', 'refused')),
  code         text not null default '',      -- why it was refused
  ref          text not null default '',      -- cs_, pi_, re_ or tr_
  url          text not null default '',
  expires_at   timestamptz,
  action_ref   text not null default '',      -- the page on which the customer can confirm a refused charge
  action_url   text not null default '',
  sent_at      timestamptz not null,
  primary key (tenant_id, family, key)
);

create table plug_stripe.customer (
  tenant_id    uuid not null,
  account      text not null,
  live         boolean not null,
  customer     text not null,
  ref          text not null,
  created_at   timestamptz not null,
  primary key (tenant_id, account, live, customer)
);

-- Connected accounts that have proved to be this tenant's.
create table plug_stripe.account (
  tenant_id    uuid not null,
  account      text not null,
  live         boolean not null,
  bound_at     timestamptz not null,
  primary key (tenant_id, account, live)
);
