-- Telling of soft caps. Calls of two days are admitted side by side around midnight, so what was told is compared with
-- "before", not with "another": else each of the two days would be news again and again.

grant create on schema ledger to askpro_ledger;
set local role askpro_ledger;

-- A soft cap was passed: true the first time in a period, for whoever tells it. Never for a period before the last told.
create or replace function ledger.tell_soft(p_tenant uuid, p_scope text, p_subject text, p_period text, p_begins date)
  returns boolean language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
  perform ledger.check_tenant(array[p_tenant]);
  update ledger.call_limit l set told = l.told || jsonb_build_object(p_period, p_begins)
   where l.tenant_id = p_tenant and l.scope = p_scope and l.subject = p_subject
     and coalesce((l.told ->> p_period)::date < p_begins, true);
  return found;
end $$;

-- A soft cap that was changed is another one: passing it is news.
create function ledger.forget_told() returns trigger
  language plpgsql set search_path = ledger, pg_temp as $$
begin
  if old.day_soft is distinct from new.day_soft then new.told := new.told - 'day'; end if;
  if old.week_soft is distinct from new.week_soft then new.told := new.told - 'week'; end if;
  if old.month_soft is distinct from new.month_soft then new.told := new.told - 'month'; end if;
  return new;
end $$;
revoke all on function ledger.forget_told() from public;
grant execute on function ledger.forget_told() to askpro_owner;

set local role askpro_owner;
create trigger changed_caps before update of day_soft, week_soft, month_soft on ledger.call_limit
  for each row execute function ledger.forget_told();
revoke create on schema ledger from askpro_ledger;
