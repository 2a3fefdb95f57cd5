-- Calls in progress. Each function takes arrays, tenants mixed, and answers for every call; all lock in one order:
-- limits, the reseller's wallet, customers' wallets, calls. Their plans are made once, some of them while tables are still
-- empty, so reading whole tables is ruled out.

-- More for one call, in one statement (D6): money is set aside on the customer's wallet and, where the reseller pays in
-- advance, on its own, or on neither.
create function ledger.set_aside(p_tenant uuid, p_wallet uuid, p_reseller uuid, p_held bigint, p_wholesale bigint)
  returns boolean language plpgsql set search_path = ledger, pg_temp as $$
begin
  if p_reseller is null then
    update ledger.wallet w set held = w.held + p_held
     where w.tenant_id = p_tenant and w.id = p_wallet and not w.frozen
       and w.posted - w.held + w.credit_line >= p_held;
  else
    update ledger.wallet w set held = w.held + case when w.id = p_wallet then p_held else p_wholesale end
     where w.tenant_id = p_tenant and w.id in (p_wallet, p_reseller)
       and 2 = (select count(*) from ledger.wallet g
                 where g.tenant_id = p_tenant and g.id in (p_wallet, p_reseller) and not g.frozen
                   and g.posted - g.held + g.credit_line >= case when g.id = p_wallet then p_held else p_wholesale end);
  end if;
  return found;
end $$;

-- Lock the caps that these calls fall under, so that what is counted stays true. False: there are none.
create function ledger.lock_limits(p_tenant uuid[], p_wallet uuid[], p_line text[]) returns boolean
  language plpgsql set search_path = ledger, pg_temp as $$
begin
  if not exists (select from ledger.call_limit l where l.tenant_id = any(p_tenant)) then
    return false;
  end if;
  perform 1
     from (select distinct u.t, v.scope, v.subject from unnest(p_tenant, p_wallet, p_line) u(t, w, n),
                  lateral (values ('reseller', ''), ('customer', u.w::text), ('number', u.n)) v(scope, subject)) u
     join ledger.call_limit l on l.tenant_id = u.t and l.scope = u.scope and l.subject = u.subject
    order by l.tenant_id, l.scope, l.subject for update of l;
  return found;
end $$;

-- The caps on how many calls there are at once and in the running second: the first that is reached, and the strictest
-- length of a call.
create function ledger.crowded(p_tenant uuid, p_wallet uuid, p_line text, p_at timestamptz, out reached text, out longest int)
  language plpgsql set search_path = ledger, pg_temp as $$
declare l record; v_open int;
begin
  for l in
    select * from ledger.call_limit c
     where c.tenant_id = p_tenant and (c.scope, c.subject) in (('reseller', ''), ('customer', p_wallet::text), ('number', p_line))
     order by array_position(array['number', 'customer', 'reseller'], c.scope)
  loop
    longest := least(longest, l.longest);
    if l.concurrent is not null and reached is null then
      select count(*) into v_open
        from (select from ledger.hold h
               where h.tenant_id = p_tenant and h.state = 'open'
                 and (l.scope = 'reseller' or h.wallet_id = p_wallet) and (l.scope <> 'number' or h.line = p_line)
               limit l.concurrent) counted;
      if v_open >= l.concurrent then
        reached := l.scope || '_concurrent';
      end if;
    end if;
    if reached is null and l.per_second <= (case when l.second = date_trunc('second', p_at) then l.in_second else 0 end) then
      reached := l.scope || '_per_second';
    end if;
  end loop;
end $$;

-- What the caps on spending leave (null: there are none), which of them is the strictest, and the soft ones that are
-- passed once p_more is spent as well. A call counts on the day it began, money held for one as if it were spent.
create function ledger.spending(p_tenant uuid, p_wallet uuid, p_currency text, p_day date, p_more bigint,
                                out rest bigint, out strictest text, out soft text[])
  language sql stable set search_path = ledger, pg_temp as $$
  with periods as (
    select l.*, (select coalesce(sum(h.held), 0) from ledger.hold h
                  where h.tenant_id = p_tenant and h.state = 'open'
                    and case when l.scope = 'customer' then h.wallet_id = p_wallet else h.currency = l.currency end) as open,
           d.*
      from ledger.call_limit l
     cross join lateral (
       select coalesce(sum(s.spent) filter (where s.day = p_day), 0) as day,
              coalesce(sum(s.spent) filter (where date_trunc('week', s.day) = date_trunc('week', p_day)), 0) as week,
              coalesce(sum(s.spent) filter (where date_trunc('month', s.day) = date_trunc('month', p_day)), 0) as month
         from ledger.spend_day s
        where s.tenant_id = p_tenant and s.subject = case when l.scope = 'customer' then p_wallet else p_tenant end
          and s.day >= least(date_trunc('week', p_day)::date, date_trunc('month', p_day)::date)) d
     where l.tenant_id = p_tenant and l.counted
       and (l.scope = 'customer' and l.subject = p_wallet::text or l.scope = 'reseller' and l.currency = p_currency)
  ), caps as (
    select p.scope || '_' || v.period as name, (v.hard - v.spent - p.open)::bigint as rest,
           v.spent + p.open + p_more > v.soft as passed
      from periods p
     cross join lateral (values ('day', p.day, p.day_soft, p.day_hard), ('week', p.week, p.week_soft, p.week_hard),
                                ('month', p.month, p.month_soft, p.month_hard)) v(period, spent, soft, hard)
  )
  select min(rest), (array_agg(name order by rest) filter (where rest is not null))[1],
         coalesce(array_agg(name order by name) filter (where passed), '{}') from caps
$$;

-- The month's metered seconds of a wallet: what is booked, and what open calls are covered for.
create function ledger.month_seconds(p_tenant uuid, p_wallet uuid, p_day date, p_but uuid default null) returns bigint
  language sql stable set search_path = ledger, pg_temp as $$
  select coalesce((select m.metered from ledger.usage_month m
                    where m.tenant_id = p_tenant and m.wallet_id = p_wallet and m.month = date_trunc('month', p_day)::date), 0)
         + coalesce((select sum(h.cover) from ledger.hold h
                      where h.tenant_id = p_tenant and h.wallet_id = p_wallet and h.state = 'open' and h.metered
                        and h.id is distinct from p_but), 0)
$$;

-- Admit calls. p_verdict: 'ok', or what speaks against a call already ('stale': nothing is looked at). p_used: the month's
-- seconds its price was computed at, -1 where the month plays no part. Status:
-- held · duplicate (it is admitted already) · conflict (its id is another call's) · closed (it is over) · moved (the month
-- went on: rate again) · funds · reseller_funds · frozen · a cap that is reached (customer_concurrent, reseller_day …) ·
-- else p_verdict. `available` and `rest` are what is left beside this call's hold.
create function ledger.authorize_calls(
    p_tenant uuid[], p_id uuid[], p_wallet uuid[], p_verdict text[], p_customer text[], p_line text[], p_source text[],
    p_external text[], p_direction smallint[], p_caller text[], p_callee text[], p_began timestamptz[], p_day date[],
    p_at timestamptz[], p_actor text[], p_held bigint[], p_wholesale bigint[], p_cover int[], p_metered boolean[],
    p_used bigint[])
  returns table (ord int, status text, held bigint, wholesale bigint, cover int, extends int, available bigint,
                 reseller_available bigint, rest bigint, longest int, soft text[], used bigint)
  language plpgsql security definer set search_path = ledger, pg_temp set plan_cache_mode = force_generic_plan
  set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_limited boolean; v_prepaid boolean; v_known text[]; v_held bigint[]; v_wholesale bigint[]; v_cover int[]; v_extends int[];
  v_purse int[]; v_free bigint[]; v_above int[]; v_aboves bigint[]; v_reseller uuid[]; v_frozen boolean[]; v_currency text[];
  v_month bigint[]; v_taken int[] := '{}'; v_cap text; w int; r int;
begin
  perform ledger.check_tenant(p_tenant);
  v_limited := ledger.lock_limits(p_tenant, p_wallet, p_line);
  perform ledger.lock_wallets(p_tenant, p_wallet);
  v_prepaid := exists (select from ledger.funding f where f.tenant_id = any(p_tenant) and f.until is null);
  -- what is so, read at once: the calls that are known already, and the wallets by number, as they are counted down below
  select array_agg(x.known order by x.ord), array_agg(x.held order by x.ord), array_agg(x.wholesale order by x.ord),
         array_agg(x.cover order by x.ord), array_agg(x.extends order by x.ord), array_agg(x.purse order by x.ord),
         array_agg(x.free order by x.ord), array_agg(x.above order by x.ord), array_agg(x.free_above order by x.ord),
         array_agg(x.reseller order by x.ord), array_agg(x.frozen order by x.ord), array_agg(x.currency order by x.ord),
         array_agg(x.month order by x.ord)
    into v_known, v_held, v_wholesale, v_cover, v_extends, v_purse, v_free, v_above, v_aboves, v_reseller, v_frozen,
         v_currency, v_month
    from (select u.ord, h.held, h.wholesale, h.cover, h.extends, r.id as reseller, k.currency,
                 coalesce(k.frozen or r.frozen, k.frozen) as frozen,
                 u.purse, k.posted - k.held + k.credit_line as free,
                 case when r.id is not null then min(u.ord) over (partition by u.t, r.id) end as above,
                 r.posted - r.held + r.credit_line as free_above,
                 case when u.staged and u.ord = u.purse then ledger.month_seconds(u.t, u.w, p_day[u.ord]) end as month,
                 case when h.id is null then null
                      when h.customer <> p_customer[u.ord] or h.began_at <> p_began[u.ord]
                        or h.direction <> p_direction[u.ord] or h.caller <> p_caller[u.ord]
                        or h.callee <> p_callee[u.ord] then 'conflict'
                      when h.state = 'open' then 'duplicate' else 'closed' end as known
            from (select e.*, min(e.ord) over (partition by e.t, e.w) as purse,
                         bool_or(e.used <> -1) over (partition by e.t, e.w) as staged
                    from unnest(p_tenant, p_id, p_wallet, p_used) with ordinality e(t, i, w, used, ord)) u
            -- offset 0: always one probe of the index a call; a plan made while the table is small would read all of it
            left join lateral (select * from ledger.hold o
                                where o.tenant_id = u.t and o.id = u.i and p_verdict[u.ord] <> 'stale' offset 0) h on true
            left join ledger.wallet k on k.tenant_id = u.t and k.id = u.w
            left join ledger.funding f
              on v_prepaid and f.tenant_id = k.tenant_id and f.currency = k.currency and f.until is null
            left join ledger.wallet r on r.tenant_id = f.tenant_id and r.id = f.wallet_id) x;
  for i in 1 .. cardinality(p_id) loop
    w := v_purse[i]; r := v_above[i];
    ord := i; status := p_verdict[i]; held := 0; wholesale := 0; cover := 0; extends := 0; used := null; rest := null;
    longest := null; soft := '{}'; v_cap := null;
    if v_known[i] is not null then
      status := v_known[i]; held := v_held[i]; wholesale := v_wholesale[i]; cover := v_cover[i]; extends := v_extends[i];
    elsif status = 'ok' then
      if v_limited then
        select k.reached, k.longest into v_cap, longest
          from ledger.crowded(p_tenant[i], p_wallet[i], p_line[i], p_at[i]) k;
        if v_cap is null then
          select s.rest, s.soft, case when s.rest < p_held[i] then s.strictest end into rest, soft, v_cap
            from ledger.spending(p_tenant[i], p_wallet[i], v_currency[i], p_day[i], p_held[i]) s;
        end if;
      end if;
      used := v_month[w];
      if p_used[i] <> -1 and used <> p_used[i] then
        status := 'moved';
      elsif v_frozen[i] then
        status := 'frozen';
      elsif v_cap is not null then
        status := v_cap;
      elsif v_free[w] < p_held[i] then
        status := 'funds';
      elsif v_aboves[r] < p_wholesale[i] then
        status := 'reseller_funds';
      else
        status := 'held'; held := p_held[i]; cover := p_cover[i]; rest := rest - p_held[i];
        v_free[w] := v_free[w] - p_held[i];
        if r is not null then
          wholesale := p_wholesale[i];
          v_aboves[r] := v_aboves[r] - p_wholesale[i];
        end if;
        if p_metered[i] then
          used := used + p_cover[i];
          v_month[w] := used;
        end if;
        v_taken := v_taken || i;
      end if;
    end if;
    available := v_free[w];
    reseller_available := v_aboves[r];
    return next;
    if cardinality(v_taken) > 0 and (v_limited or i = cardinality(p_id)) then
      -- THE statement (D6): set aside on the customer's wallet and the reseller's, on all of them or the unit fails
      with taken as (
        select p_tenant[t] as tenant_id, p_wallet[t] as id, p_held[t] as amount from unnest(v_taken) t
        union all
        select p_tenant[t], v_reseller[t], p_wholesale[t] from unnest(v_taken) t where v_reseller[t] is not null
      ), sums as (
        select tenant_id, id, sum(amount)::bigint as amount from taken group by 1, 2
      ), aside as (
        update ledger.wallet w set held = w.held + s.amount from sums s
         where w.tenant_id = s.tenant_id and w.id = s.id and not w.frozen
           and w.posted - w.held + w.credit_line >= s.amount
        returning 1
      ), calls as (
        insert into ledger.hold (tenant_id, id, wallet_id, reseller_id, currency, customer, line, source, external_id,
                                 direction, caller, callee, began_at, day, held, wholesale, cover, metered, staged, actor,
                                 authorized_at, heartbeat_at)
        select p_tenant[t], p_id[t], p_wallet[t], v_reseller[t], v_currency[t], p_customer[t], p_line[t], p_source[t],
               p_external[t], p_direction[t], p_caller[t], p_callee[t], p_began[t], p_day[t], p_held[t],
               case when v_reseller[t] is null then 0 else p_wholesale[t] end, p_cover[t], p_metered[t], p_used[t] <> -1,
               p_actor[t], p_at[t], p_at[t]
          from unnest(v_taken) t
      )
      select (select count(*) from sums) - (select count(*) from aside) into w;
      if w <> 0 then
        raise exception 'a wallet was not what it was' using errcode = 'serialization_failure';
      end if;
      if v_limited then
        update ledger.call_limit l
           set second = date_trunc('second', p_at[i]),
               in_second = case when l.second = date_trunc('second', p_at[i]) then l.in_second else 0 end + 1
         where l.tenant_id = p_tenant[i] and l.per_second is not null
           and (l.scope, l.subject) in (('reseller', ''), ('customer', p_wallet[i]::text), ('number', p_line[i]));
      end if;
      v_taken := '{}';
    end if;
  end loop;
end $$;

-- Hold on to calls: a sign of life, and more money. p_held and p_wholesale are totals (what is held already counts),
-- p_seen the number of the last extension that was known when they were computed, p_seq this one's. Status as above; also
-- unknown. The sign of life counts whatever becomes of the money.
create function ledger.extend_calls(
    p_tenant uuid[], p_id uuid[], p_seen int[], p_seq int[], p_at timestamptz[], p_answered timestamptz[], p_tokens bigint[],
    p_bookings int[], p_held bigint[], p_wholesale bigint[], p_cover int[], p_used bigint[])
  returns table (ord int, status text, held bigint, wholesale bigint, cover int, extends int, available bigint,
                 reseller_available bigint, rest bigint, longest int, soft text[], used bigint)
  language plpgsql security definer set search_path = ledger, pg_temp set plan_cache_mode = force_generic_plan
  set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_limited boolean; v_wallets uuid[]; v_lines text[]; v_more bigint; v_pass bigint; v_cap text; v_frozen boolean;
  h ledger.hold;
begin
  perform ledger.check_tenant(p_tenant);
  select array_agg(h.wallet_id order by u.ord), array_agg(h.line order by u.ord) into v_wallets, v_lines
    from unnest(p_tenant, p_id) with ordinality u(t, i, ord)
    left join lateral (select * from ledger.hold o where o.tenant_id = u.t and o.id = u.i offset 0) h on true;
  v_limited := ledger.lock_limits(p_tenant, v_wallets, v_lines);
  perform ledger.lock_wallets(p_tenant, v_wallets);
  for i in 1 .. cardinality(p_id) loop
    ord := i; status := null; available := null; reseller_available := null; rest := null; longest := null; soft := '{}';
    used := null; v_cap := null;
    select * into h from ledger.hold k where k.tenant_id = p_tenant[i] and k.id = p_id[i] for update;
    if not found then
      status := 'unknown';
    elsif h.state <> 'open' then
      status := 'closed';
    elsif h.extends <> p_seen[i] then
      status := 'moved';
    else
      update ledger.hold k
         set heartbeat_at = greatest(k.heartbeat_at, p_at[i]), answered_at = coalesce(k.answered_at, p_answered[i]),
             tokens = greatest(k.tokens, p_tokens[i]), bookings = greatest(k.bookings, p_bookings[i]), extends = p_seq[i]
       where k.tenant_id = h.tenant_id and k.id = h.id;
      h.extends := p_seq[i];
      v_more := greatest(0, p_held[i] - h.held);
      v_pass := case when h.reseller_id is null then 0 else greatest(0, p_wholesale[i] - h.wholesale) end;
      if h.staged then
        used := ledger.month_seconds(h.tenant_id, h.wallet_id, h.day, h.id);
      end if;
      select bool_or(w.frozen) into v_frozen from ledger.wallet w
       where w.tenant_id = h.tenant_id and w.id in (h.wallet_id, h.reseller_id);
      if v_limited then
        select k.longest into longest from ledger.crowded(h.tenant_id, h.wallet_id, h.line, p_at[i]) k;
        select s.rest, s.soft, case when s.rest < v_more then s.strictest end into rest, soft, v_cap
          from ledger.spending(h.tenant_id, h.wallet_id, h.currency, h.day, v_more) s;
      end if;
      if h.staged and used <> p_used[i] then
        status := 'moved';
      elsif v_frozen then
        status := 'frozen';
      elsif v_cap is not null then
        status := v_cap;
      elsif v_more = 0 and v_pass = 0
            or ledger.set_aside(h.tenant_id, h.wallet_id, h.reseller_id, v_more, v_pass) then
        status := 'held';
        update ledger.hold k set held = h.held + v_more, wholesale = h.wholesale + v_pass, cover = greatest(h.cover, p_cover[i])
         where k.tenant_id = h.tenant_id and k.id = h.id;
        h.held := h.held + v_more; h.wholesale := h.wholesale + v_pass; h.cover := greatest(h.cover, p_cover[i]);
        rest := rest - v_more;
      else
        status := 'funds';
      end if;
      select w.posted - w.held + w.credit_line, r.posted - r.held + r.credit_line into available, reseller_available
        from ledger.wallet w left join ledger.wallet r on r.tenant_id = w.tenant_id and r.id = h.reseller_id
       where w.tenant_id = h.tenant_id and w.id = h.wallet_id;
      if status = 'funds' and available >= v_more then
        status := 'reseller_funds';
      end if;
    end if;
    held := h.held; wholesale := h.wholesale; cover := h.cover; extends := h.extends;
    return next;
  end loop;
end $$;

-- Calls that never came about: what is held is free again. Status: cancelled · answered (it must be finished) · finished ·
-- reaped · unknown.
create function ledger.cancel_calls(p_tenant uuid[], p_id uuid[]) returns table (ord int, status text)
  language plpgsql security definer set search_path = ledger, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare h ledger.hold;
begin
  perform ledger.check_tenant(p_tenant);
  perform ledger.lock_wallets(p_tenant, (select array_agg(h.wallet_id order by u.ord)
                                           from unnest(p_tenant, p_id) with ordinality u(t, i, ord)
                                           left join lateral (select * from ledger.hold o
                                                               where o.tenant_id = u.t and o.id = u.i offset 0) h on true));
  for i in 1 .. cardinality(p_id) loop
    ord := i;
    select * into h from ledger.hold k where k.tenant_id = p_tenant[i] and k.id = p_id[i] for update;
    status := case when not found then 'unknown' when h.state <> 'open' then h.state
                   when h.answered_at is not null then 'answered' else 'open' end;
    if status = 'open' then
      perform ledger.release(h.tenant_id, h.wallet_id, h.reseller_id, h.held, h.wholesale);
      update ledger.hold set state = 'cancelled', held = 0, wholesale = 0, closed_at = clock_timestamp()
       where tenant_id = h.tenant_id and id = h.id;
      status := 'cancelled';
    end if;
    return next;
  end loop;
end $$;

-- Settle calls that fell silent, at their last sign of life (p_beat, as it was when p_price and p_wholesale were computed).
-- An answered call is charged what is proven and the wallet can pay; one that was never answered is cancelled.
-- Status: reaped · cancelled · booked (its record was there before) · alive.
create function ledger.reap_calls(p_tenant uuid[], p_id uuid[], p_beat timestamptz[], p_price bigint[], p_wholesale bigint[],
                                  p_charge uuid[], p_passed uuid[], p_actor text, p_at timestamptz)
  returns table (ord int, status text, charged bigint) language plpgsql security definer
  set search_path = ledger, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare h ledger.hold; v_own bigint; v_above bigint;
begin
  perform ledger.check_tenant(p_tenant);
  perform ledger.lock_wallets(p_tenant, (select array_agg(h.wallet_id order by u.ord)
                                           from unnest(p_tenant, p_id) with ordinality u(t, i, ord)
                                           left join lateral (select * from ledger.hold o
                                                               where o.tenant_id = u.t and o.id = u.i offset 0) h on true));
  for i in 1 .. cardinality(p_id) loop
    ord := i; charged := 0; status := 'alive';
    select * into h from ledger.hold k where k.tenant_id = p_tenant[i] and k.id = p_id[i] and k.state = 'open' for update;
    if found and h.heartbeat_at = p_beat[i] then
      perform ledger.release(h.tenant_id, h.wallet_id, h.reseller_id, h.held, h.wholesale);
      if exists (select from ledger.usage u where u.tenant_id = h.tenant_id and u.id = h.id) then
        status := 'booked';
        update ledger.hold set state = 'finished', held = 0, wholesale = 0, closed_at = clock_timestamp()
         where tenant_id = h.tenant_id and id = h.id;
      else
        status := case when h.answered_at is null then 'cancelled' else 'reaped' end;
        v_own := ledger.charge(h, h.wallet_id, h.held, p_price[i], p_charge[i], p_charge[i], 'reaped', '', p_actor);
        v_above := ledger.charge(h, h.reseller_id, h.wholesale, p_wholesale[i], p_passed[i], p_charge[i],
                                 'wholesale_reaped', 'wholesale', p_actor);
        update ledger.hold
           set state = status, held = 0, wholesale = 0, closed_at = clock_timestamp(), reaped_at = p_at,
               charged = v_own, passed_on = v_above, charge_id = case when v_own > 0 then p_charge[i] end,
               passed_id = case when v_above > 0 then p_passed[i] end
         where tenant_id = h.tenant_id and id = h.id;
        charged := v_own;
      end if;
    end if;
    return next;
  end loop;
end $$;

-- Take a reaped call's price from a wallet, as far as it goes. Returns what was taken.
create function ledger.charge(h ledger.hold, p_wallet uuid, p_held bigint, p_price bigint, p_id uuid, p_group uuid, p_kind text,
                              p_code text, p_actor text) returns bigint
  language plpgsql set search_path = ledger, pg_temp as $$
declare v_amount bigint;
begin
  if h.answered_at is null or p_wallet is null then
    return 0;
  end if;
  select least(p_price, greatest(0, w.posted - w.held + w.credit_line)) into v_amount
    from ledger.wallet w where w.tenant_id = h.tenant_id and w.id = p_wallet;
  if v_amount > 0 then
    insert into ledger.booking_key (tenant_id, kind, key, transfer_id) values (h.tenant_id, p_kind, h.id::text, p_id);
    perform ledger.book(h.tenant_id, p_id, p_group, p_wallet, ledger.account_id(h.tenant_id, 'revenue', h.currency, p_code),
                        v_amount, p_kind, h.id::text, h.day, h.heartbeat_at, p_actor, '', null, true, null);
  end if;
  return v_amount;
end $$;

-- Open calls without a sign of life since p_before, and reaped ones whose record has not come until p_final.
create function ledger.silent_calls(p_before timestamptz, p_final timestamptz, p_limit int)
  returns table (tenant_id uuid, id uuid, state text)
  language sql stable security definer set search_path = ledger, pg_temp set enable_seqscan = off as $$
  select h.tenant_id, h.id, h.state from ledger.hold h
   where h.state in ('open', 'reaped')
     and (h.state = 'open' and h.heartbeat_at < p_before or h.state = 'reaped' and h.reaped_at < p_final)
     and (tenancy.current_tenant() is null or tenancy.current_tenant() = h.tenant_id)
   order by h.tenant_id, h.id limit p_limit
$$;

-- Closed holds have served when a repeat of their call is recognised by its booking.
create function ledger.forget_holds(p_before timestamptz) returns bigint
  language sql security definer set search_path = ledger, pg_temp as $$
  with gone as (delete from ledger.hold h where h.state in ('finished', 'cancelled') and h.closed_at < p_before
                   and (tenancy.current_tenant() is null or tenancy.current_tenant() = h.tenant_id) returning 1)
  select count(*) from gone
$$;

create function ledger.note_unbilled(p_tenant uuid, p_id uuid, p_seconds int) returns void
  language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
  perform ledger.check_tenant(array[p_tenant]);
  update ledger.hold set unbilled = p_seconds where tenant_id = p_tenant and id = p_id;
end $$;

-- A soft cap was passed: true the first time in a period, for whoever tells it.
create function ledger.tell_soft(p_tenant uuid, p_scope text, p_subject text, p_period text, p_begins date) returns boolean
  language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
  perform ledger.check_tenant(array[p_tenant]);
  update ledger.call_limit l set told = l.told || jsonb_build_object(p_period, p_begins)
   where l.tenant_id = p_tenant and l.scope = p_scope and l.subject = p_subject
     and (l.told ->> p_period)::date is distinct from p_begins;
  return found;
end $$;

do $$
declare f regprocedure; v_open text[] := array['authorize_calls', 'extend_calls', 'cancel_calls', 'reap_calls', 'silent_calls',
                                               'forget_holds', 'tell_soft', 'note_unbilled', 'month_seconds', 'spending'];
begin
  grant create on schema ledger to askpro_ledger;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger'
              and p.proname = any(v_open || array['set_aside', 'lock_limits', 'crowded', 'charge']) loop
    execute format('alter function %s owner to askpro_ledger', f);
    execute format('revoke all on function %s from public', f);
  end loop;
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and p.proname = any(v_open) loop
    execute format('grant execute on function %s to askpro_app, askpro_platform', f);
  end loop;
  revoke create on schema ledger from askpro_ledger;
end $$;
