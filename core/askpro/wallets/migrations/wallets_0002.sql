-- Low-balance notices, promotional credit that expires, and adjustments by hand.

-- Notices ------------------------------------------------------------------------------------------------------------

alter table wallets.preference drop column low_notified_at;
alter table wallets.preference add column tell_empty boolean not null default true;

-- What a customer was told last, for each level, and how the wallet stood then. No row: nothing yet.
create table wallets.told (
  tenant_id    uuid not null,
  wallet_id    uuid not null,
  level        text not null check (level in ('low', 'empty')),
  seq          bigint not null,                  -- the wallet's counter
  posted       bigint not null,
  credit_line  bigint not null,
  at           timestamptz not null default now(),
  primary key (tenant_id, wallet_id, level)
);
select tenancy.protect('wallets.told');

-- The ids of transfers made since an instant (with an hour to spare): lets whole months be passed over.
create function wallets.ids_since(p_at timestamptz) returns uuid
  language sql immutable parallel safe
  return case when p_at is null then '00000000-0000-0000-0000-000000000000'::uuid
              else (lpad(to_hex(greatest(0, (extract(epoch from p_at) * 1000)::bigint - 3600000)), 12, '0')
                    || repeat('0', 20))::uuid end;

-- Wallets that have fallen below a level since they were last told so: the one definition of it.
-- A fall needs a rise before it. After a notice only a credit that brought the wallet back to the level makes another one
-- possible (or a higher credit line that would have): money held for a call and given back is no rise.
-- 'empty': less than a hundredth of the currency unit, which everybody reads as nothing. A wallet that never had money is
-- not told that it is empty.
create view wallets.fall with (security_invoker = true) as
select w.tenant_id, w.id as wallet_id, w.customer_id, w.currency, l.level, l.threshold,
       w.posted - w.held + w.credit_line as available, w.posted, w.seq, w.credit_line
  from ledger.wallet w
  left join wallets.preference p on p.tenant_id = w.tenant_id and p.wallet_id = w.id
 cross join lateral (values ('low', p.low_balance), ('empty', case when p.tell_empty is not false then 10000 end))
       l(level, threshold)
  left join wallets.told t on t.tenant_id = w.tenant_id and t.wallet_id = w.id and t.level = l.level
 where w.customer_id <> w.tenant_id and (w.seq > 0 or w.credit_line > 0)
   and w.posted - w.held + w.credit_line < greatest(p.low_balance, 10000)
   and w.posted - w.held + w.credit_line < l.threshold
   and case when t.seq is null and (l.level = 'low' or w.credit_line >= l.threshold) then true
            when t.seq = w.seq and t.credit_line >= w.credit_line then false
            when t.credit_line < w.credit_line and t.posted + w.credit_line >= l.threshold then true
            else exists (select from ledger.transfer c
                          where c.tenant_id = w.tenant_id and c.credit_account = w.id and c.credit_seq > coalesce(t.seq, 0)
                            and c.credit_balance + w.credit_line >= l.threshold and c.id >= wallets.ids_since(t.at)) end;
grant select on wallets.fall to askpro_app, askpro_platform;

-- Promotional credit -------------------------------------------------------------------------------------------------

-- A grant; its id is that of its transfer and of its bucket. What is left of it, the ledger knows.
create table wallets.promo (
  tenant_id    uuid not null,
  id           uuid not null,
  customer_id  uuid not null,
  wallet_id    uuid not null,
  currency     text not null check (currency ~ '^[A-Z]{3}$'),
  amount       bigint not null check (amount > 0),
  priority     int not null default 0,
  expires_at   timestamptz,
  reason       text not null default '' check (length(reason) <= 500),
  idempotency  text not null check (length(idempotency) between 1 and 255),
  granted_by   text not null,
  created_at   timestamptz not null,
  warn_at      timestamptz,                      -- when to say that it expires soon; null: said, or nothing to say
  check_at     timestamptz,                      -- not to be taken back before that, although it has expired
  expired      bigint not null default 0 check (expired between 0 and amount),   -- taken back so far
  primary key (tenant_id, id),
  unique (tenant_id, customer_id, idempotency)
);
create index promo_warn on wallets.promo (warn_at) where warn_at is not null;
select tenancy.protect('wallets.promo', 'insert, update');

-- Expired and not used up. `rest` stands in the conditions of other indexes already, so this one costs no update more.
create index bucket_expiry on ledger.bucket (expires_at) where rest > 0 and expires_at is not null;

-- Adjustments --------------------------------------------------------------------------------------------------------

-- `proposer` and `decider` are the people answerable: behind a key, whoever made it. `alone` is what the proposer could
-- book without anybody else at that moment.
create table wallets.adjustment (
  tenant_id        uuid not null,
  id               uuid not null,
  customer_id      uuid not null,
  wallet_id        uuid not null,
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  amount           bigint not null check (amount <> 0),
  alone            bigint not null check (alone >= 0),
  reason           text not null check (length(reason) between 3 and 500),
  idempotency      text not null check (length(idempotency) between 1 and 255),
  attachment_name  text not null default '',
  proposed_by      text not null,
  proposer         text not null,
  created_at       timestamptz not null,
  state            text not null default 'waiting' check (state in ('waiting', 'booked', 'rejected')),
  decided_by       text not null default '',
  decider          text not null default '',
  decision         text not null default '' check (length(decision) <= 500),
  decided_at       timestamptz,
  transfer_id      uuid,
  balance_after    bigint,
  primary key (tenant_id, id),
  unique (tenant_id, customer_id, idempotency),
  check ((state = 'waiting') = (decided_at is null)),
  check ((state = 'booked') = (transfer_id is not null)),
  check ((transfer_id is null) = (balance_after is null)),
  check ((decider = '') = (decided_by = '')),
  constraint four_eyes check (state <> 'booked' or case when decider = '' then abs(amount) <= alone
                                                        else decider <> proposer and decided_by <> proposed_by end),
  check (state <> 'rejected' or (decider <> '' and length(decision) >= 3))
);
create index adjustment_waiting on wallets.adjustment (tenant_id, id) where state = 'waiting';
create index adjustment_customer on wallets.adjustment (tenant_id, customer_id, id);
select tenancy.protect('wallets.adjustment', 'insert, update');

-- What was proposed stays as it was proposed, and what was decided stays decided.
create function wallets.keep_adjustment() returns trigger language plpgsql as $$
begin
  if old.state <> 'waiting'
     or (old.tenant_id, old.id, old.customer_id, old.wallet_id, old.currency, old.amount, old.alone, old.reason,
         old.idempotency, old.attachment_name, old.proposed_by, old.proposer, old.created_at)
        is distinct from
        (new.tenant_id, new.id, new.customer_id, new.wallet_id, new.currency, new.amount, new.alone, new.reason,
         new.idempotency, new.attachment_name, new.proposed_by, new.proposer, new.created_at) then
    raise exception 'an adjustment is decided once and never changed' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger keep before update on wallets.adjustment for each row execute function wallets.keep_adjustment();

-- A paper that belongs to an adjustment and has its id. `kind` is what its bytes are.
create table wallets.attachment (
  tenant_id   uuid not null,
  id          uuid not null,
  name        text not null check (length(name) between 1 and 150),
  kind        text not null check (kind in ('pdf', 'png', 'jpeg', 'txt', 'eml')),
  body        bytea not null check (length(body) between 1 and 5242880),
  sha256      bytea not null check (sha256 = sha256(body)),
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id)
);
alter table wallets.attachment alter column body set storage external;  -- images and PDF are packed already
select tenancy.protect('wallets.attachment', 'insert');

-- What the sweeps have to do, across tenants: they learn ids and nothing else ------------------------------------------

-- Looked at are wallets out of which something was booked within p_within, or is held: that costs what the calls of these
-- minutes cost, however many wallets there are. Null: all of them, for what no booking tells of (a lowered credit line).
create function wallets.due_notices(p_within interval, p_limit int) returns table (tenant_id uuid, wallet_id uuid)
  language sql stable security definer set search_path = wallets, ledger, pg_temp as $$
  with touched as materialized (
    select t.tenant_id, t.debit_account as wallet_id
      from ledger.transfer t
     where t.booked_at >= now() - p_within and t.debit_seq is not null
       and t.id >= wallets.ids_since(now() - p_within)
    union
    select h.tenant_id, h.wallet_id from ledger.hold h where h.state = 'open' and p_within is not null
    union
    select w.tenant_id, w.id
      from ledger.wallet w left join wallets.preference p on p.tenant_id = w.tenant_id and p.wallet_id = w.id
     where p_within is null and w.posted - w.held + w.credit_line < greatest(p.low_balance, 10000)
  )
  select c.tenant_id, c.wallet_id
    from touched c
   cross join lateral (select from wallets.fall f where f.tenant_id = c.tenant_id and f.wallet_id = c.wallet_id limit 1) f
   limit p_limit
$$;
create function wallets.due_expiries(p_now timestamptz, p_limit int) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = wallets, ledger, pg_temp as $$
  select b.tenant_id, b.id
    from ledger.bucket b left join wallets.promo p on p.tenant_id = b.tenant_id and p.id = b.id
   where b.rest > 0 and b.expires_at <= p_now and b.kind = 'promo' and coalesce(p.check_at, b.expires_at) <= p_now
   order by b.expires_at limit p_limit
$$;
create function wallets.due_warnings(p_now timestamptz, p_limit int) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = wallets, ledger, pg_temp as $$
  select p.tenant_id, p.id from wallets.promo p where p.warn_at <= p_now order by p.warn_at limit p_limit
$$;
do $$
declare f text;
begin
  grant create on schema wallets to askpro_platform;
  foreach f in array array['wallets.due_notices(interval, int)', 'wallets.due_expiries(timestamptz, int)',
                           'wallets.due_warnings(timestamptz, int)'] loop
    execute format('alter function %s owner to askpro_platform', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  revoke create on schema wallets from askpro_platform;
end $$;
