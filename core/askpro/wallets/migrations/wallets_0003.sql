-- Thresholds ---------------------------------------------------------------------------------------------------------

drop view wallets.fall;

-- Below which balances the customer is told (10⁻⁶), highest first; `low_balance` is the highest, 0: none. A wallet that
-- is not below that one needs no look at the others.
alter table wallets.preference add column thresholds bigint[] not null default '{}'
  check (cardinality(thresholds) <= 5 and array_position(thresholds, null) is null
         and 0 < all (thresholds) and thresholds[1] >= all (thresholds));
update wallets.preference set thresholds = array[low_balance] where low_balance > 0;
alter table wallets.preference add constraint highest check (low_balance = coalesce(thresholds[1], 0));

-- Each threshold has a memory of its own; 0: the level 'empty'.
alter table wallets.told add column threshold bigint not null default 0;
update wallets.told t set threshold = p.low_balance from wallets.preference p
 where t.level = 'low' and p.tenant_id = t.tenant_id and p.wallet_id = t.wallet_id;
delete from wallets.told where level = 'low' and threshold = 0;
alter table wallets.told drop constraint told_pkey, add primary key (tenant_id, wallet_id, level, threshold),
  add check ((level = 'empty') = (threshold = 0));

-- Wallets that have fallen below a level since they were last told so: the one definition of it, as before, once for each
-- threshold.
create view wallets.fall with (security_invoker = true) as
select w.tenant_id, w.id as wallet_id, w.customer_id, w.currency, l.level, l.threshold,
       w.posted - w.held + w.credit_line as available, w.posted, w.seq, w.credit_line
  from ledger.wallet w
  left join wallets.preference p on p.tenant_id = w.tenant_id and p.wallet_id = w.id
 cross join lateral (select 'low' as level, u.units as threshold, u.units as memory from unnest(p.thresholds) u(units)
                     union all
                     select 'empty', case when p.tell_empty is not false then 10000 end, 0) l
  left join wallets.told t on t.tenant_id = w.tenant_id and t.wallet_id = w.id and t.level = l.level
                          and t.threshold = l.memory
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

-- Promotional credit with four eyes -----------------------------------------------------------------------------------

-- Who is answerable for the grant, what that person could give alone, and who approved what is more. Older grants stand.
alter table wallets.promo add column granter text, add column alone bigint, add column approver text not null default '';
update wallets.promo set granter = granted_by, alone = amount;
alter table wallets.promo
  alter column granter set not null, alter column alone set not null, add check (alone >= 0),
  add constraint four_eyes check (case when approver = '' then amount <= alone else approver <> granter end);

-- A grant stays what it was; only what the sweeps note beside it changes.
create function wallets.keep_promo() returns trigger language plpgsql as $$
begin
  if (old.tenant_id, old.id, old.customer_id, old.wallet_id, old.currency, old.amount, old.priority, old.expires_at,
      old.reason, old.idempotency, old.granted_by, old.granter, old.alone, old.approver, old.created_at)
     is distinct from
     (new.tenant_id, new.id, new.customer_id, new.wallet_id, new.currency, new.amount, new.priority, new.expires_at,
      new.reason, new.idempotency, new.granted_by, new.granter, new.alone, new.approver, new.created_at) then
    raise exception 'a grant is never changed' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger keep before update on wallets.promo for each row execute function wallets.keep_promo();

-- A grant beyond the limit waits among the adjustments, as kind 'promo'; its transaction_id then names the grant.
alter table wallets.adjustment
  add column kind text not null default 'adjustment' check (kind in ('adjustment', 'promo')),
  add column priority int not null default 0,
  add column expires_at timestamptz,
  add constraint promo_terms check (case kind when 'promo' then amount > 0 and (state <> 'booked' or decider <> '')
                                                           and attachment_name = ''
                                              else priority = 0 and expires_at is null end),
  drop constraint adjustment_tenant_id_customer_id_idempotency_key,
  add constraint adjustment_once unique (tenant_id, customer_id, kind, idempotency);

create or replace function wallets.keep_adjustment() returns trigger language plpgsql as $$
begin
  if old.state <> 'waiting'
     or (old.tenant_id, old.id, old.customer_id, old.wallet_id, old.currency, old.amount, old.alone, old.reason,
         old.idempotency, old.attachment_name, old.proposed_by, old.proposer, old.created_at, old.kind, old.priority,
         old.expires_at)
        is distinct from
        (new.tenant_id, new.id, new.customer_id, new.wallet_id, new.currency, new.amount, new.alone, new.reason,
         new.idempotency, new.attachment_name, new.proposed_by, new.proposer, new.created_at, new.kind, new.priority,
         new.expires_at) then
    raise exception 'an adjustment is decided once and never changed' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

-- Expiries put off ----------------------------------------------------------------------------------------------------

-- A bucket that has expired and is not to be looked at before `until`: its credit is reserved, the wallet is frozen, or it
-- failed so many times (`failures`). Not every bucket has a grant, so this is kept by the bucket.
create table wallets.put_off (
  tenant_id  uuid not null,
  bucket_id  uuid not null,
  until      timestamptz not null,
  failures   int not null default 0 check (failures >= 0),
  primary key (tenant_id, bucket_id)
);
select tenancy.protect('wallets.put_off');
insert into wallets.put_off (tenant_id, bucket_id, until)
select tenant_id, id, check_at from wallets.promo where check_at is not null;
alter table wallets.promo drop column check_at;

grant create on schema wallets to askpro_platform;
set local role askpro_platform;
create or replace function wallets.due_expiries(p_now timestamptz, p_limit int) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = wallets, ledger, pg_temp as $$
  select b.tenant_id, b.id
    from ledger.bucket b left join wallets.put_off p on p.tenant_id = b.tenant_id and p.bucket_id = b.id
   where b.rest > 0 and b.expires_at <= p_now and b.kind = 'promo' and coalesce(p.until, b.expires_at) <= p_now
   order by b.expires_at limit p_limit
$$;
set local role askpro_owner;
revoke create on schema wallets from askpro_platform;
