-- book() as before, but for what counts as reversed already: a reversal that was itself reversed does not, so that a
-- refund which came back can be asked for once more. Owner and rights of the function stay as they are; only its owner may
-- replace it.

grant create on schema ledger to askpro_ledger;
set local role askpro_ledger;

-- Book one transfer; the wallets are locked by the caller. Raises AP001 … AP004 with the reason as message.
create or replace function ledger.book(
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
    -- a reversal that was undone (a refund that came back) does not count
    if v_undone is null or v_undone < p_amount + coalesce((
         select sum(t.amount - coalesce((select sum(u.amount) from ledger.transfer u
                                          where u.tenant_id = t.tenant_id and u.reverses = t.id
                                            and u.credit_account = t.debit_account), 0))
           from ledger.transfer t
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

set local role askpro_owner;
revoke create on schema ledger from askpro_ledger;
