-- post_many(): bookings by people, providers and jobs. One round trip, a status for every item.

-- The id of an account is derived from what it is, so nobody has to look it up.
create function ledger.account_id(p_tenant uuid, p_kind text, p_currency text, p_code text default '') returns uuid
  language sql immutable parallel safe
  return md5(p_tenant::text || ':' || p_kind || ':' || p_currency || ':' || p_code)::uuid;

-- Inside a tenant's unit only that tenant can be booked; outside any unit (trains, platform) the caller answers.
create function ledger.check_tenant(p_tenant uuid[]) returns void
  language plpgsql stable set search_path = ledger, tenancy, pg_temp as $$
declare v_own uuid := tenancy.current_tenant();
begin
  if v_own is not null and exists (select from unnest(p_tenant) t where t is distinct from v_own) then
    raise exception 'this unit may not book for another tenant' using errcode = 'insufficient_privilege';
  end if;
end $$;

create function ledger.ensure_account(p_tenant uuid, p_kind text, p_currency text, p_code text default '') returns uuid
  language plpgsql security definer set search_path = ledger, pg_temp as $$
declare v_id uuid := ledger.account_id(p_tenant, p_kind, p_currency, p_code);
begin
  perform ledger.check_tenant(array[p_tenant]);
  if p_kind = 'wallet' then
    raise exception 'wallets are opened by open_wallet' using errcode = 'invalid_parameter_value';
  end if;
  insert into ledger.account (tenant_id, id, kind, currency, code)
  values (p_tenant, v_id, p_kind, p_currency, p_code) on conflict do nothing;
  return v_id;
end $$;

-- A customer's wallet in a currency, with the accounts that usage needs. Returns the id of the one that is there.
create function ledger.open_wallet(p_tenant uuid, p_id uuid, p_customer uuid, p_currency text, p_credit_line bigint)
  returns uuid language plpgsql security definer set search_path = ledger, pg_temp as $$
declare v_kind text; v_id uuid;
begin
  perform ledger.check_tenant(array[p_tenant]);
  foreach v_kind in array array['revenue', 'overrun', 'commission_expense', 'commission_payable', 'adjustment',
                                'promo_expense'] loop
    perform ledger.ensure_account(p_tenant, v_kind, p_currency);
  end loop;
  insert into ledger.wallet (tenant_id, id, customer_id, currency, credit_line, lowest)
  values (p_tenant, p_id, p_customer, p_currency, p_credit_line, -p_credit_line)
  on conflict (tenant_id, customer_id, currency) do nothing;
  select w.id into v_id from ledger.wallet w
   where w.tenant_id = p_tenant and w.customer_id = p_customer and w.currency = p_currency;
  insert into ledger.account (tenant_id, id, kind, currency, code)
  values (p_tenant, v_id, 'wallet', p_currency, v_id::text) on conflict do nothing;
  return v_id;
end $$;

-- Freeze or release a wallet, or change how far below zero it may go.
create function ledger.set_terms(p_tenant uuid, p_wallet uuid, p_credit_line bigint, p_frozen boolean) returns void
  language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
  perform ledger.check_tenant(array[p_tenant]);
  update ledger.wallet
     set credit_line = coalesce(p_credit_line, credit_line), frozen = coalesce(p_frozen, frozen),
         lowest = least(posted, -coalesce(p_credit_line, credit_line))
   where tenant_id = p_tenant and id = p_wallet;
  if not found then
    raise exception 'no such wallet' using errcode = 'no_data_found';
  end if;
end $$;

-- Take p_amount out of a wallet's buckets in the order of D5 (or out of the one bucket that p_only funded).
-- Returns what the buckets could not give.
create function ledger.draw(p_tenant uuid, p_wallet uuid, p_transfer uuid, p_amount bigint, p_only uuid) returns bigint
  language plpgsql set search_path = ledger, pg_temp as $$
declare v_rest bigint := p_amount; v_take bigint; b record;
begin
  for b in
    select k.id, k.rest from ledger.bucket k
     where k.tenant_id = p_tenant and k.wallet_id = p_wallet and k.rest > 0
       and (p_only is null or k.transfer_id = p_only)
     order by k.priority, k.expires_at nulls last, k.kind = 'paid', k.created_at, k.id
  loop
    exit when v_rest = 0;
    v_take := least(v_rest, b.rest);
    update ledger.bucket set rest = rest - v_take where tenant_id = p_tenant and id = b.id;
    insert into ledger.bucket_draw values (p_tenant, p_transfer, b.id, v_take);
    v_rest := v_rest - v_take;
  end loop;
  return v_rest;
end $$;

-- Give p_amount back to the buckets a reversed debit drew from, last drawn first (D5). Returns the rest.
-- What an earlier reversal of the same debit gave back is not given back again.
create function ledger.give_back(p_tenant uuid, p_wallet uuid, p_transfer uuid, p_reversed uuid, p_amount bigint)
  returns bigint
  language plpgsql set search_path = ledger, pg_temp as $$
declare v_rest bigint := p_amount; v_give bigint; b record;
begin
  for b in
    select k.id, least(d.amount - coalesce(e.given, 0), k.granted - k.rest) as room
      from ledger.bucket_draw d join ledger.bucket k on k.tenant_id = d.tenant_id and k.id = d.bucket_id
      left join lateral (
        select -sum(x.amount) as given from ledger.transfer t
          join ledger.bucket_draw x on x.tenant_id = t.tenant_id and x.transfer_id = t.id
         where t.tenant_id = p_tenant and t.reverses = p_reversed and x.bucket_id = d.bucket_id and x.amount < 0) e on true
     where d.tenant_id = p_tenant and d.transfer_id = p_reversed and d.amount > 0 and k.wallet_id = p_wallet
     order by k.priority desc, k.expires_at desc nulls first, k.kind = 'paid' desc, k.created_at desc, k.id desc
  loop
    exit when v_rest = 0;
    v_give := least(v_rest, b.room);
    continue when v_give <= 0;
    update ledger.bucket set rest = rest + v_give where tenant_id = p_tenant and id = b.id;
    insert into ledger.bucket_draw values (p_tenant, p_transfer, b.id, -v_give);
    v_rest := v_rest - v_give;
  end loop;
  return v_rest;
end $$;

-- Book one transfer; the wallets are locked by the caller. Raises AP001 … AP004 with the reason as message.
create function ledger.book(
    p_tenant uuid, p_id uuid, p_group uuid, p_debit uuid, p_credit uuid, p_amount bigint, p_kind text, p_key text,
    p_day date, p_occurred timestamptz, p_actor text, p_reason text, p_reverses uuid, p_forced boolean, p_bucket jsonb,
    out debit_balance bigint, out credit_balance bigint)
  language plpgsql set search_path = ledger, pg_temp as $$
declare
  v_debit ledger.account; v_credit ledger.account;
  w ledger.wallet; v_debit_seq bigint; v_credit_seq bigint; v_debt bigint; v_only uuid; v_undone bigint;
begin
  select * into v_debit from ledger.account where tenant_id = p_tenant and id = p_debit;
  select * into v_credit from ledger.account where tenant_id = p_tenant and id = p_credit;
  if v_debit.id is null or v_credit.id is null then
    raise exception 'unknown_account' using errcode = 'AP004';
  end if;
  if v_debit.currency <> v_credit.currency then
    raise exception 'currency_mismatch' using errcode = 'AP004';
  end if;
  if p_amount is null or p_amount <= 0 then
    raise exception 'amount_not_positive' using errcode = 'AP004';
  end if;
  if p_reverses is not null and not p_forced then
    select t.amount into v_undone from ledger.transfer t where t.tenant_id = p_tenant and t.id = p_reverses;
    if v_undone is null or v_undone < p_amount + coalesce((
         select sum(t.amount) from ledger.transfer t
          where t.tenant_id = p_tenant and t.reverses = p_reverses and t.debit_account = p_debit), 0) then
      raise exception 'exceeds_original' using errcode = 'AP004';
    end if;
  end if;
  if v_debit.kind = 'wallet' then
    select * into w from ledger.wallet where tenant_id = p_tenant and id = p_debit;
    if not p_forced then
      if w.frozen then raise exception 'frozen' using errcode = 'AP003'; end if;
      if w.posted - w.held + w.credit_line < p_amount then raise exception 'funds' using errcode = 'AP001'; end if;
    end if;
    -- money that goes back to where it came from leaves the bucket it filled, and no other
    select b.transfer_id into v_only from ledger.bucket b where b.tenant_id = p_tenant and b.transfer_id = p_reverses;
    v_debt := ledger.draw(p_tenant, p_debit, p_id, least(p_amount, greatest(w.posted, 0)), v_only);
    if v_only is not null and not p_forced and (v_debt > 0 or p_amount > w.posted) then
      raise exception 'spent' using errcode = 'AP001';
    end if;
    if v_debt > 0 then
      -- a forced debit takes from any bucket what the funding one no longer holds
      perform ledger.draw(p_tenant, p_debit, p_id, v_debt, null);
    end if;
    update ledger.wallet
       set posted = posted - p_amount, seq = seq + 1, lowest = least(posted - p_amount, -credit_line)
     where tenant_id = p_tenant and id = p_debit returning posted, seq into debit_balance, v_debit_seq;
  end if;
  if v_credit.kind = 'wallet' then
    select * into w from ledger.wallet where tenant_id = p_tenant and id = p_credit;
    v_debt := least(p_amount, greatest(-w.posted, 0));
    update ledger.wallet
       set posted = posted + p_amount, seq = seq + 1, lowest = least(posted + p_amount, -credit_line)
     where tenant_id = p_tenant and id = p_credit returning posted, seq into credit_balance, v_credit_seq;
  end if;
  insert into ledger.transfer (tenant_id, id, group_id, debit_account, credit_account, amount, currency, kind, key, day,
                               occurred_at, actor, reason, reverses, debit_seq, debit_balance, credit_seq, credit_balance)
  values (p_tenant, p_id, p_group, p_debit, p_credit, p_amount, v_debit.currency, p_kind, p_key, p_day,
          p_occurred, p_actor, p_reason, p_reverses, v_debit_seq, debit_balance, v_credit_seq, credit_balance);
  if v_credit.kind = 'wallet' then
    perform ledger.fund(p_tenant, p_credit, p_id, p_amount, v_debt, p_reverses, p_bucket);
  end if;
end $$;

-- Put credited money into buckets: back where a reversed debit took it, the rest into a bucket of its own.
-- What the wallet owed (p_debt) is paid out of it first.
create function ledger.fund(p_tenant uuid, p_wallet uuid, p_transfer uuid, p_amount bigint, p_debt bigint, p_reverses uuid,
                            p_bucket jsonb) returns void
  language plpgsql set search_path = ledger, pg_temp as $$
declare v_fresh bigint := p_amount; v_rest bigint := p_amount - p_debt;
begin
  if p_reverses is not null then
    v_rest := ledger.give_back(p_tenant, p_wallet, p_transfer, p_reverses, v_rest);
    v_fresh := v_rest;
  end if;
  if v_fresh > 0 then
    insert into ledger.bucket (tenant_id, id, wallet_id, kind, priority, expires_at, granted, rest, transfer_id)
    values (p_tenant, p_transfer, p_wallet, coalesce(p_bucket ->> 'kind', 'paid'),
            coalesce((p_bucket ->> 'priority')::int, 0), (p_bucket ->> 'expires_at')::timestamptz,
            v_fresh, v_rest, p_transfer);
    if v_fresh > v_rest then
      insert into ledger.bucket_draw values (p_tenant, p_transfer, p_transfer, v_fresh - v_rest);
    end if;
  end if;
end $$;

-- Items that share a group are booked together or not at all. Status per item: posted, duplicate, funds, frozen,
-- or what is wrong with the item. A key that was booked before makes its whole group a duplicate.
create function ledger.post_many(
    p_tenant uuid[], p_id uuid[], p_group uuid[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_kind text[],
    p_key text[], p_day date[], p_occurred timestamptz[], p_actor text[], p_reason text[], p_reverses uuid[],
    p_forced boolean[], p_bucket jsonb[])
  returns table (ord int, status text, transfer_id uuid, debit_balance bigint, credit_balance bigint)
  language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
  v_groups uuid[]; v_group uuid; i int; v_out record; v_found uuid; v_balances bigint[]; v_status text;
begin
  perform ledger.check_tenant(p_tenant);
  -- always the same order: nobody waits for somebody who waits for him
  perform 1 from ledger.wallet w
    where (w.tenant_id, w.id) in (select t, a from unnest(p_tenant, p_debit) u(t, a)
                                  union select t, a from unnest(p_tenant, p_credit) u(t, a))
    order by w.tenant_id, w.id for update;
  select array_agg(g order by first) into v_groups
    from (select g, min(o) as first from unnest(p_group) with ordinality u(g, o) group by g) x;
  foreach v_group in array coalesce(v_groups, '{}') loop
    v_status := 'posted';
    v_balances := '{}';
    begin
      for i in select s from generate_subscripts(p_group, 1) s where p_group[s] = v_group order by s loop
        if p_key[i] is not null then
          insert into ledger.booking_key as k (tenant_id, kind, key, transfer_id)
          values (p_tenant[i], p_kind[i], p_key[i], p_id[i]) on conflict do nothing returning k.transfer_id into v_found;
          if v_found is null then raise exception 'duplicate' using errcode = 'AP002'; end if;
        end if;
        v_out := ledger.book(p_tenant[i], p_id[i], p_group[i], p_debit[i], p_credit[i], p_amount[i], p_kind[i], p_key[i],
                             p_day[i], p_occurred[i], p_actor[i], p_reason[i], p_reverses[i], p_forced[i], p_bucket[i]);
        v_balances := v_balances || array[v_out.debit_balance, v_out.credit_balance];
        v_found := null;
      end loop;
    exception
      when sqlstate 'AP001' or sqlstate 'AP002' or sqlstate 'AP003' or sqlstate 'AP004' then
        v_status := sqlerrm;
    end;
    for i in select s from generate_subscripts(p_group, 1) s where p_group[s] = v_group order by s loop
      ord := i;
      status := v_status;
      transfer_id := p_id[i];
      debit_balance := null;
      credit_balance := null;
      if v_status = 'posted' then
        debit_balance := v_balances[1];
        credit_balance := v_balances[2];
        v_balances := v_balances[3:];
      elsif v_status = 'duplicate' and p_key[i] is not null then
        select k.transfer_id into transfer_id from ledger.booking_key k
         where k.tenant_id = p_tenant[i] and k.kind = p_kind[i] and k.key = p_key[i];
      end if;
      return next;
    end loop;
  end loop;
end $$;

do $$
declare f text;
begin
  grant create on schema ledger to askpro_ledger;
  foreach f in array array[
    'ledger.ensure_account(uuid, text, text, text)', 'ledger.open_wallet(uuid, uuid, uuid, text, bigint)',
    'ledger.set_terms(uuid, uuid, bigint, boolean)',
    'ledger.post_many(uuid[], uuid[], uuid[], uuid[], uuid[], bigint[], text[], text[], date[], timestamptz[], text[], '
    'text[], uuid[], boolean[], jsonb[])'] loop
    execute format('alter function %s owner to askpro_ledger', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  foreach f in array array['draw(uuid, uuid, uuid, bigint, uuid)', 'give_back(uuid, uuid, uuid, uuid, bigint)', 'fund(uuid, uuid, uuid, bigint, bigint, uuid, jsonb)',
    'book(uuid, uuid, uuid, uuid, uuid, bigint, text, text, date, timestamptz, text, text, uuid, boolean, jsonb)'] loop
    execute format('alter function ledger.%s owner to askpro_ledger', f);
    execute format('revoke all on function ledger.%s from public', f);
  end loop;
  revoke create on schema ledger from askpro_ledger;
end $$;
