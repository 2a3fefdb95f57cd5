-- The ledger's tables. All amounts are bigint, 10⁻⁶ of the account's currency (D0).

create schema ledger;
grant usage on schema ledger to askpro_app, askpro_platform, askpro_ledger;

create table ledger.account (
  tenant_id  uuid not null,
  id         uuid not null,
  kind       text not null check (kind in (
               'wallet', 'clearing', 'revenue', 'vat', 'commission_expense', 'commission_payable', 'payout_transit',
               'promo_expense', 'adjustment', 'rounding', 'overrun')),
  currency   text not null check (currency ~ '^[A-Z]{3}$'),
  code       text not null default '',           -- provider of a clearing account, rate of a VAT account
  opened_at  timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, kind, currency, code)
);

-- Only wallets have a synchronous balance, because only they must say no. Everything else is a fold of transfers.
create table ledger.wallet (
  tenant_id    uuid not null,
  id           uuid not null,
  customer_id  uuid not null,
  currency     text not null,
  posted       bigint not null default 0,
  held         bigint not null default 0 check (held >= 0),
  credit_line  bigint not null default 0 check (credit_line >= 0),
  lowest       bigint not null default 0,        -- the floor; below -credit_line only after a forced debit
  overrun      bigint not null default 0 check (overrun >= 0),
  seq          bigint not null default 0,
  frozen       boolean not null default false,
  opened_at    timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, customer_id, currency),
  check (posted >= lowest),
  check (lowest <= 0)
) with (fillfactor = 60);

-- One side out, one side in. `*_seq` and `*_balance` are set where that side is a wallet: its running balance.
create table ledger.transfer (
  tenant_id       uuid not null,
  id              uuid not null,                 -- UUIDv7; its month is the partition
  group_id        uuid not null,
  debit_account   uuid not null,
  credit_account  uuid not null,
  amount          bigint not null check (amount > 0),
  currency        text not null,
  kind            text not null,
  key             text,
  day             date not null,                 -- civil day in the tenant's zone
  occurred_at     timestamptz not null,
  booked_at       timestamptz not null default clock_timestamp(),
  actor           text not null,
  reason          text not null default '',
  reverses        uuid,
  calls           int not null default 0,        -- how many calls a usage transfer sums up
  debit_seq       bigint,
  debit_balance   bigint,
  credit_seq      bigint,
  credit_balance  bigint,
  primary key (tenant_id, id),
  check (debit_account <> credit_account)
) partition by range (id);
create index transfer_reverses on ledger.transfer (tenant_id, reverses) where reverses is not null;
create index transfer_booked on ledger.transfer using brin (booked_at);
create index transfer_debit on ledger.transfer (tenant_id, debit_account, id) where debit_seq is not null;
create index transfer_credit on ledger.transfer (tenant_id, credit_account, id) where credit_seq is not null;

-- The same business fact is booked once, whoever asks how often.
create table ledger.booking_key (
  tenant_id    uuid not null,
  kind         text not null,
  key          text not null,
  transfer_id  uuid not null,
  primary key (tenant_id, kind, key)
);

-- Where a wallet's money came from. A wallet above zero holds exactly the sum of its buckets' rests.
create table ledger.bucket (
  tenant_id    uuid not null,
  id           uuid not null,
  wallet_id    uuid not null,
  kind         text not null check (kind in ('paid', 'promo')),
  priority     int not null default 0,
  expires_at   timestamptz,
  created_at   timestamptz not null default clock_timestamp(),
  granted      bigint not null check (granted > 0),
  rest         bigint not null check (rest between 0 and granted),
  transfer_id  uuid not null,                    -- the transfer that funded it
  primary key (tenant_id, id)
) with (fillfactor = 70);
create index bucket_wallet on ledger.bucket (tenant_id, wallet_id) where rest > 0;
create index bucket_funding on ledger.bucket (tenant_id, transfer_id);

-- What each debit took from which bucket; negative: given back.
create table ledger.bucket_draw (
  tenant_id    uuid not null,
  transfer_id  uuid not null,
  bucket_id    uuid not null,
  amount       bigint not null check (amount <> 0),
  primary key (tenant_id, transfer_id, bucket_id)
);
create index draw_bucket on ledger.bucket_draw (tenant_id, bucket_id);

-- One row a call: what happened, what it cost on each tier, and the wallet's balance after it.
create table ledger.usage (
  tenant_id      uuid not null,
  id             uuid not null,                  -- month and digest of (source, external_id): the guard against doubles
  wallet_id      uuid not null,
  began_at       timestamptz not null,
  day            date not null,                  -- civil day of began_at in the tenant's zone
  ring_ms        int not null,                   -- until answered, or until given up
  talk_ms        int,                            -- null: not answered
  billed         int not null,                   -- seconds
  direction      smallint not null check (direction in (0, 1)),   -- 0 inbound, 1 outbound
  bookings       int not null default 0,
  tokens         bigint not null default 0,
  price          bigint not null check (price >= 0),
  wholesale      bigint not null check (wholesale >= 0),
  commission     bigint not null,
  overrun        bigint not null default 0 check (overrun between 0 and price),
  balance_after  bigint not null,
  wallet_seq     bigint not null,
  used_before    int not null default 0,         -- the month's metered seconds before this call
  metered        boolean not null default false, -- whether its seconds count towards allowance and tiers
  chain_id       uuid,
  source         text not null,
  external_id    text not null,
  caller         text,                           -- erased when its time is over
  callee         text,
  booked_at      timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
) partition by range (id);
-- A wallet belongs to one tenant. Were the tenant in front, a plan made while a month is still empty might look calls up
-- by tenant alone and keep doing so.
create index usage_booked on ledger.usage using brin (booked_at);
create index usage_wallet on ledger.usage (wallet_id, began_at);

-- Wallet × civil month: statements read it, and allowances and volume tiers count with it.
create table ledger.usage_month (
  tenant_id   uuid not null,
  wallet_id   uuid not null,
  month       date not null,
  calls       bigint not null default 0,
  answered    bigint not null default 0,
  seconds     bigint not null default 0,         -- billed
  metered     bigint not null default 0,         -- of these, what counts towards allowance and tiers
  price       bigint not null default 0,
  wholesale   bigint not null default 0,
  commission  bigint not null default 0,
  overrun     bigint not null default 0,
  primary key (tenant_id, wallet_id, month)
) with (fillfactor = 70);

-- A day's Merkle root over what was booked, chained to the day before.
create table ledger.root (
  tenant_id  uuid not null,
  day        date not null,                      -- UTC day of booking
  leaves     bigint not null,
  root       bytea not null,
  previous   bytea not null,
  made_at    timestamptz not null default now(),
  primary key (tenant_id, day)
);

do $$
declare t text;
begin
  foreach t in array array['account', 'wallet', 'transfer', 'booking_key', 'bucket', 'bucket_draw', 'usage',
                           'usage_month', 'root'] loop
    perform tenancy.protect(format('ledger.%I', t)::regclass, '');
    execute format('create policy books on ledger.%I to askpro_ledger using (true) with check (true)', t);
    execute format('grant select, insert on ledger.%I to askpro_ledger', t);
  end loop;
end $$;
grant update on ledger.wallet, ledger.bucket, ledger.usage_month to askpro_ledger;
grant insert on ledger.root to askpro_app, askpro_platform;

-- Append-only by trigger too: not even the owner edits a booking by mistake. Numbers may be erased, nothing else.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and tg_table_name like 'usage%' then
    if new.caller is null and new.callee is null
       and to_jsonb(new) - 'caller' - 'callee' = to_jsonb(old) - 'caller' - 'callee' then
      return new;
    end if;
  end if;
  raise exception 'the ledger is append-only: book a correction' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on ledger.transfer
  for each row execute function ledger.refuse_change();
create trigger append_only before update or delete on ledger.usage
  for each row execute function ledger.refuse_change();
create trigger append_only before update or delete on ledger.booking_key
  for each row execute function ledger.refuse_change();
create trigger append_only before update or delete on ledger.bucket_draw
  for each row execute function ledger.refuse_change();
create trigger append_only before update or delete on ledger.root
  for each row execute function ledger.refuse_change();
do $$
declare t text;
begin
  foreach t in array array['transfer', 'usage', 'booking_key', 'bucket_draw', 'root'] loop
    execute format('create trigger keep before truncate on ledger.%I for each statement '
                   'execute function ledger.refuse_change()', t);
  end loop;
end $$;

-- The partitions of a month, for transfers and usage. Attaching takes a light lock, so booking goes on meanwhile.
create function ledger.ensure_month(p_month date) returns void
  language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
  v_from date := date_trunc('month', p_month)::date;
  v_to date := (date_trunc('month', p_month) + interval '1 month')::date;
  v_suffix text := to_char(v_from, 'YYYYMM');
  v_name text;
  v_low uuid;
  v_high uuid;
begin
  if v_from < date '1990-01-01' or v_from > date '2200-01-01' then
    raise exception 'no books are kept for %', v_from using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(format('ledger.transfer_%s', v_suffix)) is not null
     and to_regclass(format('ledger.usage_%s', v_suffix)) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(7411002);
  foreach v_name in array array['transfer', 'usage'] loop
    -- asked of the table itself: to_regclass may still answer from before somebody else's commit
    continue when exists (select from pg_class c where c.relnamespace = 'ledger'::regnamespace
                           and c.relname = v_name || '_' || v_suffix);
    if v_name = 'transfer' then
      v_low := (lpad(to_hex((extract(epoch from v_from::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
      v_high := (lpad(to_hex((extract(epoch from v_to::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
    else
      v_low := (lpad(to_hex(((extract(year from v_from) - 1970) * 12 + extract(month from v_from) - 1)::int), 4, '0')
                || repeat('0', 28))::uuid;
      v_high := (lpad(to_hex(((extract(year from v_to) - 1970) * 12 + extract(month from v_to) - 1)::int), 4, '0')
                 || repeat('0', 28))::uuid;
    end if;
    execute format('create table ledger.%I (like ledger.%I including all)', v_name || '_' || v_suffix, v_name);
    execute format('alter table ledger.%I attach partition ledger.%I for values from (%L) to (%L)',
                   v_name, v_name || '_' || v_suffix, v_low, v_high);
    execute format('alter table ledger.%I enable row level security', v_name || '_' || v_suffix);
    execute format('alter table ledger.%I force row level security', v_name || '_' || v_suffix);
  end loop;
end $$;
revoke all on function ledger.ensure_month(date) from public;
grant execute on function ledger.ensure_month(date) to askpro_app, askpro_platform, askpro_ledger;
