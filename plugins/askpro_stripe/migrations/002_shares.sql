-- Charges on the platform's account whose share a connected account gets later (connect_charges = transfers).

alter table plug_stripe.request
  add column share_to text not null default '';   -- the connected account that gets its share of this payment later

alter table plug_stripe.request
  drop constraint request_family_check,
  add constraint request_family_check check (family in ('payment', 'setup', 'refund', 'payout', 'share')),
  drop constraint request_kind_check,
  add constraint request_kind_check
    check (kind in ('checkout', 'charge', 'setup', 'refund', 'payout', 'transfer', 'reversal'));

-- of a movement (family 'share') the subject is the payment; its key is the payment's and a running number
create index request_share on plug_stripe.request (tenant_id, subject) where family = 'share';

-- Payments that have settled and are shared: which of them have to be looked at, and when.
create table plug_stripe.share (
  tenant_id    uuid not null,
  key          text not null,                 -- the payment's
  intent       text not null,                 -- pi_, what was paid
  asked        int not null default 1,        -- grows when something has happened to the payment
  next_at      timestamptz,                   -- when to look at it; null: all is passed on
  misses       int not null default 0,        -- failures in a row
  problem      text not null default '',      -- why the last one failed
  settled_at   timestamptz not null,
  primary key (tenant_id, key)
);

create index share_waiting on plug_stripe.share (tenant_id, next_at) where next_at is not null;
