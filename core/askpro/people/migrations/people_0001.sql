-- Customers of a reseller, the people who sign in, their sessions, and API keys.

create schema people;
grant usage on schema people to askpro_app, askpro_platform;

create table people.customer (
  tenant_id   uuid not null,
  id          uuid not null,
  number      text not null check (number ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  name        text not null check (length(name) between 1 and 200),
  email       text not null default '',
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  locale      text not null default '',        -- empty: the reseller's
  plan_id     uuid,
  status      text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, number)
);
select tenancy.protect('people.customer', 'insert, update');

create table people.person (
  tenant_id      uuid not null,
  id             uuid not null,
  customer_id    uuid,                          -- null: staff of the reseller
  email          text not null check (email = lower(email)),
  name           text not null default '',
  role           text not null check (role in ('customer', 'reseller', 'operator')),
  password_hash  text not null default '',
  locale         text not null default '',
  scheme         text not null default '' check (scheme in ('', 'light', 'dark')),
  status         text not null default 'active' check (status in ('active', 'disabled')),
  created_at     timestamptz not null default now(),
  last_sign_in   timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, email),
  check ((role = 'customer') = (customer_id is not null))
);
select tenancy.protect('people.person', 'insert, update');

-- Only the SHA-256 of a session token is kept.
create table people.session (
  tenant_id   uuid not null,
  token_hash  bytea not null,
  person_id   uuid,
  data        jsonb not null default '{}',
  created_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now(),
  expires_at  timestamptz not null,
  primary key (tenant_id, token_hash)
);
create index session_person on people.session (tenant_id, person_id);
create index session_expiry on people.session (expires_at);
select tenancy.protect('people.session');

create table people.api_key (
  tenant_id   uuid not null,
  id          uuid not null,
  name        text not null check (length(name) between 1 and 120),
  prefix      text not null,                    -- the part that may be shown again
  key_hash    bytea not null,
  scopes      text[] not null,
  created_by  text not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz,
  revoked_at  timestamptz,
  used_at     timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, key_hash)
);
select tenancy.protect('people.api_key', 'insert, update');

-- The key with this hash, asked for with every request of a machine: one round trip, whichever tenant it belongs to.
-- When it was last used is kept to the minute.
create function people.use_key(p_tenant uuid, p_hash bytea)
  returns table (id uuid, name text, scopes text[], created_by text, expires_at timestamptz, revoked_at timestamptz)
  language plpgsql security definer set search_path = people, pg_temp as $$
#variable_conflict use_column
begin
  update people.api_key k set used_at = now()
   where k.tenant_id = p_tenant and k.key_hash = p_hash and k.revoked_at is null
     and (tenancy.current_tenant() is null or tenancy.current_tenant() = p_tenant)
     and (k.used_at is null or k.used_at < now() - interval '1 minute');
  return query
    select k.id, k.name, k.scopes, k.created_by, k.expires_at, k.revoked_at
      from people.api_key k
     where k.tenant_id = p_tenant and k.key_hash = p_hash
       and (tenancy.current_tenant() is null or tenancy.current_tenant() = p_tenant);
end $$;
grant create on schema people to askpro_platform;
alter function people.use_key(uuid, bytea) owner to askpro_platform;
revoke create on schema people from askpro_platform;
revoke all on function people.use_key(uuid, bytea) from public;
grant execute on function people.use_key(uuid, bytea) to askpro_app;
