-- What customers see of their money beside the ledger itself.

create schema wallets;
grant usage on schema wallets to askpro_app, askpro_platform;

create table wallets.preference (
  tenant_id        uuid not null,
  wallet_id        uuid not null,
  low_balance      bigint not null default 0 check (low_balance >= 0),   -- 10⁻⁶; 0: no notice
  low_notified_at  timestamptz,
  primary key (tenant_id, wallet_id)
);
select tenancy.protect('wallets.preference', 'insert, update');

-- Reading for a page in one round trip: binds the statement to its tenant, so that row-level security guards it as it
-- guards a unit; inside a unit it is that unit's tenant or nothing.
create function wallets.enter(p_tenant uuid) returns void
  language plpgsql set search_path = tenancy, pg_temp as $$
begin
  if tenancy.current_tenant() is null then
    perform set_config('app.tenant', p_tenant::text, true);
  elsif tenancy.current_tenant() <> p_tenant then
    raise exception 'this unit belongs to another tenant' using errcode = 'insufficient_privilege';
  end if;
end $$;

-- What the wallet paid on each civil day: calls by direction, other debits by kind. A debit that takes a credit back is
-- no cost.
create function wallets.costs(p_tenant uuid, p_wallet uuid, p_since date, p_until date)
  returns table (day date, kind text, units bigint)
  language plpgsql set search_path = wallets, ledger, pg_temp as $$
#variable_conflict use_column
begin
  perform wallets.enter(p_tenant);
  return query
    select u.day, case u.direction when 0 then 'inbound' else 'outbound' end, sum(u.price - u.overrun)::bigint
      from ledger.usage u
     where u.tenant_id = p_tenant and u.wallet_id = p_wallet and u.day >= p_since and u.day < p_until
       and u.began_at >= (p_since - 1)::timestamp at time zone 'UTC'
       and u.began_at < (p_until + 1)::timestamp at time zone 'UTC'
     group by 1, 2
    union all
    select t.day, t.kind, sum(t.amount)::bigint
      from ledger.transfer t
     where t.tenant_id = p_tenant and t.debit_account = p_wallet and t.debit_seq is not null and t.kind <> 'usage'
       and t.reverses is null and t.day >= p_since and t.day < p_until
     group by 1, 2;
end $$;
