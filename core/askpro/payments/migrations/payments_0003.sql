-- Charges of saved methods: where an order came from, the rule of auto-top-up (D7), and what customers agreed to.

alter table payments.orders
  add column origin      text not null default 'checkout' check (origin in ('checkout', 'auto', 'charge')),
  add column method_ref  text not null default '';     -- the saved method that is charged; empty: a page

-- One automatic top-up at a time, whoever fires: a wallet whose last one has no end yet gets no second.
create unique index orders_one_auto on payments.orders (tenant_id, wallet_id)
  where origin = 'auto' and state in ('new', 'unknown', 'pending');
create index orders_waiting on payments.orders (tenant_id, wallet_id) where state in ('unknown', 'pending');

-- What a customer has agreed to, in the words that were shown. Append-only: a change of mind is another row.
create table payments.consent (
  tenant_id    uuid not null,
  id           uuid not null,
  customer_id  uuid not null,
  wallet_id    uuid not null,
  kind         text not null check (kind in ('auto_topup', 'save_method')),
  provider     text not null,
  text         text not null check (length(text) between 1 and 4000),
  version      text not null,
  locale       text not null,
  terms        jsonb not null default '{}',            -- the rule as it was agreed to
  actor        text not null,
  address      text not null default '',
  given_at     timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index consent_wallet on payments.consent (tenant_id, wallet_id, given_at);
select tenancy.protect('payments.consent', 'insert');

create function payments.keep_consent() returns trigger language plpgsql as $$
begin
  raise exception 'what was agreed to is not edited: write another row' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on payments.consent
  for each row execute function payments.keep_consent();
create trigger keep before truncate on payments.consent for each statement execute function payments.keep_consent();

-- The rule of auto-top-up, one a wallet. Amounts are net credit in 10⁻⁶; tax comes on top when it is charged.
create table payments.rule (
  tenant_id           uuid not null,
  wallet_id           uuid not null,
  customer_id         uuid not null,
  currency            text not null check (currency ~ '^[A-Z]{3}$'),
  threshold           bigint not null check (threshold >= 0),
  mode                text not null check (mode in ('fixed', 'target')),
  amount              bigint not null check (amount > 0),        -- fixed: each step; target: what to fill up to
  monthly_cap         bigint not null check (monthly_cap > 0),   -- of one civil month in the tenant's zone
  provider            text not null,
  method_ref          text not null,
  method_label        text not null,
  method_fingerprint  text not null default '',
  mandate             text not null default '',
  consent_id          uuid not null,
  state               text not null check (state in ('active', 'paused', 'off')),
  reason              text not null default '',                  -- why it is paused, or was when it was switched off
  declines            int not null default 0 check (declines >= 0),
  cooldown_seconds    int not null default 0 check (cooldown_seconds >= 0),   -- the last pause after a failure
  cooldown_until      timestamptz,                               -- nothing is fired before
  last_refusal        text not null default '',                  -- why nothing was charged although it was due
  open_order          uuid,                                      -- the charge whose end is not noted yet
  last_order          uuid,
  created_at          timestamptz not null,
  changed_at          timestamptz not null,
  paused_at           timestamptz,
  primary key (tenant_id, wallet_id),
  check (mode = 'fixed' or amount > threshold),
  check ((state = 'paused') <= (reason <> '' and paused_at is not null))
) with (fillfactor = 80);
create index rule_active on payments.rule (cooldown_until) where state = 'active';
create index rule_method on payments.rule (tenant_id, provider, method_ref);
select tenancy.protect('payments.rule', 'insert, update');

-- Wallets that have run low under an active rule, across tenants: ids and nothing else. What is under way counts as
-- there, and what a person still has to look at does not.
create function payments.due_auto_topups(p_now timestamptz) returns table (tenant_id uuid, wallet_id uuid)
  language sql stable security definer set search_path = payments, ledger, people, tenancy, pg_temp as $$
  select r.tenant_id, r.wallet_id
    from payments.rule r
    join ledger.wallet w on w.tenant_id = r.tenant_id and w.id = r.wallet_id
    join people.customer c on c.tenant_id = r.tenant_id and c.id = r.customer_id
    join tenancy.tenant t on t.id = r.tenant_id
   where r.state = 'active' and (r.cooldown_until is null or r.cooldown_until <= p_now)
     and w.posted - w.held <= r.threshold and not w.frozen and c.status = 'active' and t.status = 'active'
     and not exists (select from payments.orders o where o.tenant_id = r.tenant_id and o.wallet_id = r.wallet_id
                        and o.origin = 'auto' and o.state in ('new', 'unknown', 'pending'))
     and w.posted - w.held + coalesce((select sum(o.net) from payments.orders o
                where o.tenant_id = r.tenant_id and o.wallet_id = r.wallet_id and o.state in ('unknown', 'pending')
                  and o.flag = ''), 0) <= r.threshold
   order by r.cooldown_until nulls first, r.tenant_id, r.wallet_id limit 500
$$;
grant create on schema payments to askpro_platform;
alter function payments.due_auto_topups(timestamptz) owner to askpro_platform;
revoke all on function payments.due_auto_topups(timestamptz) from public;
grant execute on function payments.due_auto_topups(timestamptz) to askpro_app, askpro_platform;
revoke create on schema payments from askpro_platform;
