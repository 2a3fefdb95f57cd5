-- A silent call that cannot be settled, or a reaped one that cannot be booked, is tried again after 1, 4, 16 … minutes and
-- in the end once a day. A sign of life, or being reaped, is a new beginning.
alter table ledger.hold add column tries int not null default 0, add column tried_at timestamptz;

grant create on schema ledger to askpro_ledger;
set local role askpro_ledger;

drop function ledger.silent_calls(timestamptz, timestamptz, int);

-- Open calls that have been silent for p_silence, and reaped ones whose record has not come within p_grace; whoever has
-- been due for longest comes first, so that those put off cannot keep anybody waiting. `held`, `wholesale`: as they stand.
create function ledger.due_calls(p_at timestamptz, p_silence interval, p_grace interval, p_limit int)
  returns table (tenant_id uuid, id uuid, state text, beat timestamptz, held bigint, wholesale bigint)
  language sql stable security definer set search_path = ledger, pg_temp set enable_seqscan = off as $$
  select h.tenant_id, h.id, h.state, h.heartbeat_at, h.held, h.wholesale
    from ledger.hold h
   cross join lateral (
     select case when h.tried_at >= greatest(h.heartbeat_at, h.reaped_at)
                 then h.tried_at + least(interval '1 day', interval '1 minute' * power(4, least(h.tries, 9) - 1))
                 when h.state = 'open' then h.heartbeat_at + p_silence
                 else h.reaped_at + p_grace end) d(due)
   where h.state in ('open', 'reaped') and d.due < p_at
     and (tenancy.current_tenant() is null or tenancy.current_tenant() = h.tenant_id)
   order by d.due, h.tenant_id, h.id limit p_limit
$$;

create function ledger.put_off_call(p_tenant uuid, p_id uuid, p_at timestamptz) returns void
  language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
  perform ledger.check_tenant(array[p_tenant]);
  update ledger.hold h
     set tries = case when h.tried_at >= greatest(h.heartbeat_at, h.reaped_at) then h.tries else 0 end + 1, tried_at = p_at
   where h.tenant_id = p_tenant and h.id = p_id and h.state in ('open', 'reaped');
end $$;

revoke all on function ledger.due_calls(timestamptz, interval, interval, int),
                       ledger.put_off_call(uuid, uuid, timestamptz) from public;
grant execute on function ledger.due_calls(timestamptz, interval, interval, int),
                          ledger.put_off_call(uuid, uuid, timestamptz) to askpro_app, askpro_platform;

set local role askpro_owner;
revoke create on schema ledger from askpro_ledger;
