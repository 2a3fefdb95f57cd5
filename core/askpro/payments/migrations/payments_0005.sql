-- What a provider sends to a reseller's bank by itself: seen, never booked. It is told by the provider's events, and
-- how it stands is asked each time. It goes forward only: under way, paid, come back. A bank may return in the days
-- after what was paid; nothing that came back is ever paid later, for that is another payout.
create table payments.bank_payout (
  tenant_id   uuid not null,
  id          uuid not null,
  provider    text not null check (provider ~ '^[a-z][a-z0-9_]{0,62}$'),
  ref         text not null check (ref <> ''),    -- the provider's number
  live        boolean not null,                   -- false: test money
  amount      bigint check (amount > 0),          -- in 10⁻⁶; null: the provider did not say
  currency    text not null default '' check (currency ~ '^([A-Z]{3})?$'),
  outcome     text not null check (outcome in ('pending', 'settled', 'declined')),
  code        text not null default '',           -- why it came back, in the provider's word
  seen_at     timestamptz not null,
  changed_at  timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, provider, ref),
  check ((amount is null) = (currency = ''))
);
create index bank_payout_latest on payments.bank_payout (tenant_id, provider, changed_at);
select tenancy.protect('payments.bank_payout', 'insert, update');
