-- Calls in progress hold money; limits say how many and how much; a reseller may have to pay in advance.
-- Everybody locks in one order: limits, the reseller's wallet, customers' wallets, calls (D15).

-- One row a call under control, by the id its booking will have. It goes some days after it is closed.
create table ledger.hold (
  tenant_id        uuid not null,
  id               uuid not null,
  wallet_id        uuid not null,
  reseller_id      uuid,                          -- the reseller's own wallet, where it pays in advance
  currency         text not null,
  customer         text not null,                 -- the customer's number
  line             text not null,                 -- the customer's own telephone number in this call
  source           text not null,
  external_id      text not null,
  direction        smallint not null check (direction in (0, 1)),
  caller           text not null,
  callee           text not null,
  began_at         timestamptz not null,
  day              date not null,
  state            text not null default 'open' check (state in ('open', 'finished', 'cancelled', 'reaped')),
  held             bigint not null check (held >= 0),
  wholesale        bigint not null check (wholesale >= 0),  -- held on the reseller's wallet
  cover            int not null,                  -- seconds of talk that are held for
  metered          boolean not null,              -- its seconds count in the month …
  staged           boolean not null,              -- … and the month decides its price
  extends          int not null default 0,        -- the number of the last extension
  tokens           bigint not null default 0,     -- so far
  bookings         int not null default 0,
  actor            text not null,
  authorized_at    timestamptz not null,
  answered_at      timestamptz,
  heartbeat_at     timestamptz not null,
  closed_at        timestamptz,
  reaped_at        timestamptz,                   -- kept when its record comes after all
  unbilled         int not null default 0,        -- seconds of talk beyond money and a quantum: nobody pays for them
  charged          bigint not null default 0,     -- taken when it was reaped, until its record comes
  passed_on        bigint not null default 0,     -- the same on the reseller's wallet
  charge_id        uuid,
  passed_id        uuid,
  primary key (tenant_id, id),
  check (state = 'open' or (held = 0 and wholesale = 0)),
  check (state = 'reaped' or (charged = 0 and passed_on = 0)),
  check ((state = 'open') = (closed_at is null))
) with (fillfactor = 70);
create index hold_live on ledger.hold (tenant_id, wallet_id, line) where state in ('open', 'reaped');

-- Caps of a reseller (subject ''), a customer (its wallet) or a line. Null: none. A row is also the lock its counts need.
create table ledger.call_limit (
  tenant_id     uuid not null,
  scope         text not null check (scope in ('reseller', 'customer', 'number')),
  subject       text not null,
  currency      text not null,                    -- of the spending caps
  concurrent    int check (concurrent >= 0),
  per_second    int check (per_second >= 0),
  longest       int check (longest > 0),          -- seconds of one call
  day_soft      bigint check (day_soft >= 0),
  day_hard      bigint check (day_hard >= 0),
  week_soft     bigint check (week_soft >= 0),
  week_hard     bigint check (week_hard >= 0),
  month_soft    bigint check (month_soft >= 0),
  month_hard    bigint check (month_hard >= 0),
  counted       boolean not null default false,   -- whether spend_day is kept for it; never taken back
  second        timestamptz not null default 'epoch',
  in_second     int not null default 0,
  told          jsonb not null default '{}',      -- soft caps: the period in which the crossing was told last
  primary key (tenant_id, scope, subject),
  check ((scope = 'reseller') = (subject = ''))
) with (fillfactor = 70);

-- What was spent on a civil day, for those whose spending is capped: a wallet, or (subject = tenant) the reseller.
create table ledger.spend_day (
  tenant_id  uuid not null,
  subject    uuid not null,
  day        date not null,
  spent      bigint not null default 0,
  primary key (tenant_id, subject, day)
) with (fillfactor = 70);

-- Since when a reseller pays for its calls in advance, in a currency, out of which wallet.
create table ledger.funding (
  tenant_id  uuid not null,
  currency   text not null,
  since      timestamptz not null,
  until      timestamptz,
  wallet_id  uuid not null,
  primary key (tenant_id, currency, since)
);

do $$
declare t text;
begin
  foreach t in array array['hold', 'call_limit', 'spend_day', 'funding'] loop
    perform tenancy.protect(format('ledger.%I', t)::regclass, '');
    execute format('create policy books on ledger.%I to askpro_ledger using (true) with check (true)', t);
    execute format('grant select, insert, update on ledger.%I to askpro_ledger', t);
  end loop;
end $$;
grant delete on ledger.hold to askpro_ledger;

-- The id of a reseller's own wallet: it sorts before every wallet of a customer, so ascending ids are D15's order.
create function ledger.reseller_wallet_id(p_tenant uuid, p_currency text) returns uuid
  language sql immutable parallel safe
  return ('0000000000008' || substr(md5(p_tenant::text || ':own:' || p_currency), 1, 3) || '8'
          || substr(md5(p_tenant::text || ':own:' || p_currency), 4, 15))::uuid;

-- A reseller's settings say whether it pays in advance ("funding": "prepaid"), and this follows them, whoever changes
-- them. Whatever is being booked ends first, so that no call falls between.
create function ledger.follow_settings() returns trigger
  language plpgsql security definer set search_path = ledger, pg_temp as $$
declare v_prepaid boolean := coalesce(new.settings ->> 'funding', '') = 'prepaid';
begin
  perform ledger.check_tenant(array[new.id]);
  lock table ledger.funding in access exclusive mode;
  update ledger.funding f set until = clock_timestamp()
   where f.tenant_id = new.id and f.until is null and not v_prepaid;
  if v_prepaid and not exists (select from ledger.funding f where f.tenant_id = new.id and f.until is null) then
    perform ledger.open_wallet(new.id, ledger.reseller_wallet_id(new.id, new.currency), new.id, new.currency, 0);
    perform ledger.ensure_account(new.id, 'revenue', new.currency, 'wholesale');
    insert into ledger.funding (tenant_id, currency, since, wallet_id)
    values (new.id, new.currency, clock_timestamp(), ledger.reseller_wallet_id(new.id, new.currency));
  end if;
  return null;
end $$;
create trigger funding after update of settings on tenancy.tenant for each row
  when (old.settings ->> 'funding' is distinct from new.settings ->> 'funding') execute function ledger.follow_settings();
create trigger first_funding after insert on tenancy.tenant for each row
  when (new.settings ->> 'funding' is not null) execute function ledger.follow_settings();

-- Set the caps of one subject; names that are left out are lifted. Spending begins to be counted with what the running
-- and the last month have seen.
create function ledger.set_limit(p_tenant uuid, p_scope text, p_subject text, p_currency text, p_caps jsonb, p_today date)
  returns void language plpgsql security definer set search_path = ledger, pg_temp as $$
#variable_conflict use_column
declare v_counts boolean := p_caps ?| array['day_soft', 'day_hard', 'week_soft', 'week_hard', 'month_soft', 'month_hard'];
begin
  perform ledger.check_tenant(array[p_tenant]);
  lock table ledger.call_limit in access exclusive mode;
  insert into ledger.call_limit as l (tenant_id, scope, subject, currency, concurrent, per_second, longest, day_soft, day_hard,
                                      week_soft, week_hard, month_soft, month_hard)
  select p_tenant, p_scope, p_subject, p_currency, c.*
    from jsonb_to_record(p_caps) c(concurrent int, per_second int, longest int, day_soft bigint, day_hard bigint,
                                   week_soft bigint, week_hard bigint, month_soft bigint, month_hard bigint)
  on conflict (tenant_id, scope, subject) do update
    set (concurrent, per_second, longest, day_soft, day_hard, week_soft, week_hard, month_soft, month_hard) =
        (excluded.concurrent, excluded.per_second, excluded.longest, excluded.day_soft, excluded.day_hard,
         excluded.week_soft, excluded.week_hard, excluded.month_soft, excluded.month_hard);
  if v_counts and p_scope <> 'number'
     and not (select counted from ledger.call_limit where (tenant_id, scope, subject) = (p_tenant, p_scope, p_subject)) then
    insert into ledger.spend_day (tenant_id, subject, day, spent)
    select p_tenant, case when p_scope = 'customer' then u.wallet_id else p_tenant end, u.day, sum(u.price)
      from ledger.wallet w
      join ledger.usage u on u.tenant_id = w.tenant_id and u.wallet_id = w.id
       and u.began_at >= (date_trunc('month', p_today::timestamp) - interval '1 month 2 days') at time zone 'UTC'
     where w.tenant_id = p_tenant and (p_scope = 'reseller' and w.currency = p_currency or w.id::text = p_subject)
     group by 2, 3;
    -- a day that began before the look back was counted in part
    delete from ledger.spend_day
     where tenant_id = p_tenant and subject::text = case when p_scope = 'customer' then p_subject else p_tenant::text end
       and day < date_trunc('month', p_today::timestamp) - interval '1 month';
    update ledger.call_limit set counted = true where (tenant_id, scope, subject) = (p_tenant, p_scope, p_subject);
  end if;
end $$;
grant delete on ledger.spend_day to askpro_ledger;

-- Lock these wallets and those out of which their resellers pay.
create function ledger.lock_wallets(p_tenant uuid[], p_wallet uuid[]) returns void
  language plpgsql set search_path = ledger, pg_temp as $$
begin
  perform 1
     from (select t, w from unnest(p_tenant, p_wallet) u(t, w)
           union select f.tenant_id, f.wallet_id from ledger.funding f where f.tenant_id = any(p_tenant)) u
     join ledger.wallet w on w.tenant_id = u.t and w.id = u.w
    order by w.tenant_id, w.id for update of w;
end $$;

-- Which of these play a part for these tenants: money held for calls in progress, capped spending, paying in advance.
create function ledger.parts(p_tenant uuid[], out live boolean, out counted boolean, out prepaid boolean)
  language plpgsql set search_path = ledger, pg_temp set enable_seqscan = off as $$
begin
  live := exists (select from ledger.hold h where h.tenant_id = any(p_tenant) and h.state in ('open', 'reaped'));
  counted := exists (select from ledger.call_limit l where l.tenant_id = any(p_tenant) and l.counted);
  prepaid := exists (select from ledger.funding f where f.tenant_id = any(p_tenant) and f.until is null);
end $$;

-- What is held for calls that are being booked is free again: their price is taken out of it at once. What was taken
-- when they were reaped goes back: their record has come. Nothing is done for calls whose prices no longer hold.
-- Returns p_seq as the wallets' counters are after that, and which holds are free. The wallets are locked, and so are the
-- holds with them: whoever changes a hold has locked its wallet.
create function ledger.free_holds(p_tenant uuid[], p_wallet uuid[], p_seq bigint[], p_g int[], p_id uuid[], p_actor text[],
                                  out seq bigint[], out tenants uuid[], out ids uuid[])
  language plpgsql set search_path = ledger, pg_temp set enable_seqscan = off as $$
declare h record;
begin
  seq := p_seq;
  for h in
    select k.*, u.g
      from (select distinct on (p_tenant[x.g], x.id) x.g, x.id from unnest(p_g, p_id) x(g, id)) u
     cross join lateral (select * from ledger.hold o where o.tenant_id = p_tenant[u.g] and o.id = u.id offset 0) k
     cross join lateral (select w.seq from ledger.wallet w
                          where w.tenant_id = p_tenant[u.g] and w.id = p_wallet[u.g] offset 0) w
     where k.wallet_id = p_wallet[u.g] and k.state in ('open', 'reaped') and p_seq[u.g] in (-1, w.seq)
     order by k.tenant_id, k.id
  loop
    tenants := tenants || h.tenant_id;
    ids := ids || h.id;
    if h.state = 'open' then
      perform ledger.release(h.tenant_id, h.wallet_id, h.reseller_id, h.held, h.wholesale);
      continue;
    end if;
    if h.charged > 0 then
      perform ledger.reverse_charge(h.tenant_id, h.charge_id, h.charged, p_actor[h.g]);
      for i in 1 .. cardinality(seq) loop
        if seq[i] >= 0 and p_tenant[i] = h.tenant_id and p_wallet[i] = h.wallet_id then
          seq[i] := seq[i] + 1;
        end if;
      end loop;
    end if;
    if h.passed_on > 0 then
      perform ledger.reverse_charge(h.tenant_id, h.passed_id, h.passed_on, p_actor[h.g]);
    end if;
    update ledger.hold set charged = 0, passed_on = 0 where tenant_id = h.tenant_id and id = h.id;
  end loop;
end $$;

-- The other half: close the holds of calls that are booked now; a call that was not keeps its money.
create function ledger.close_holds(p_tenant uuid[], p_id uuid[]) returns void
  language plpgsql set search_path = ledger, pg_temp set enable_seqscan = off as $$
declare h record;
begin
  for h in
    select k.*, exists (select from ledger.usage b where b.tenant_id = k.tenant_id and b.id = k.id) as booked
      from unnest(p_tenant, p_id) u(t, i)
     cross join lateral (select * from ledger.hold o where o.tenant_id = u.t and o.id = u.i offset 0) k
  loop
    if h.booked then
      update ledger.hold
         set state = 'finished', held = 0, wholesale = 0, closed_at = coalesce(closed_at, clock_timestamp())
       where tenant_id = h.tenant_id and id = h.id;
    elsif h.state = 'open' then
      perform ledger.release(h.tenant_id, h.wallet_id, h.reseller_id, -h.held, -h.wholesale);
    end if;
  end loop;
end $$;

-- Give back what is held on a customer's and, where there is one, a reseller's wallet.
create function ledger.release(p_tenant uuid, p_wallet uuid, p_reseller uuid, p_held bigint, p_wholesale bigint) returns void
  language plpgsql set search_path = ledger, pg_temp as $$
begin
  update ledger.wallet w set held = w.held - case when w.id = p_wallet then p_held else p_wholesale end
   where w.tenant_id = p_tenant and w.id in (p_wallet, p_reseller);
end $$;

-- Take back what was charged when a call was reaped.
create function ledger.reverse_charge(p_tenant uuid, p_charge uuid, p_amount bigint, p_actor text) returns void
  language plpgsql set search_path = ledger, pg_temp as $$
declare t ledger.transfer; v_id uuid := ledger.sibling(p_charge);
begin
  select * into strict t from ledger.transfer x where x.tenant_id = p_tenant and x.id = p_charge;
  insert into ledger.booking_key (tenant_id, kind, key, transfer_id) values (p_tenant, t.kind || '_reversal', t.key, v_id);
  perform ledger.book(p_tenant, v_id, t.group_id, t.credit_account, t.debit_account, p_amount, t.kind || '_reversal', t.key,
                      t.day, t.occurred_at, p_actor, '', t.id, true, null);
end $$;

-- An id beside a given one that nobody else has: transfers that follow from others need no ids from outside.
create function ledger.sibling(p_id uuid) returns uuid language sql immutable parallel safe
  return (left(p_id::text, 35) || translate(right(p_id::text, 1), '0123456789abcdef', '123456789abcdef0'))::uuid;

do $$
declare f regprocedure;
begin
  grant create on schema ledger to askpro_ledger;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname in ('follow_settings', 'set_limit', 'lock_wallets', 'parts', 'free_holds',
                                                         'close_holds', 'release', 'reverse_charge') loop
    execute format('alter function %s owner to askpro_ledger', f);
    execute format('revoke all on function %s from public', f);
  end loop;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname = 'set_limit' loop
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  revoke create on schema ledger from askpro_ledger;
end $$;
