-- Price lists as immutable versions; what a stored call was priced with stays readable for ever.

create schema tariffs;
grant usage on schema tariffs to askpro_app, askpro_platform;

create table tariffs.plan (
  tenant_id   uuid not null,
  id          uuid not null,
  code        text not null check (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  name        text not null,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, code)
);
select tenancy.protect('tariffs.plan', 'insert, update');

-- level platform: wholesale (owner null: every reseller; else that reseller), kept under the platform's tenant;
-- reseller: retail for all customers; plan, customer: overrides (owner: the plan or customer).
create table tariffs.version (
  tenant_id       uuid not null,
  id              uuid not null,
  level           text not null check (level in ('platform', 'reseller', 'plan', 'customer')),
  owner_id        uuid,
  currency        text not null check (currency ~ '^[A-Z]{3}$'),
  effective_from  timestamptz not null,
  content         jsonb not null,
  digest          bytea not null,
  note            text not null default '',
  published_at    timestamptz not null default now(),
  published_by    text not null,
  primary key (tenant_id, id),
  check ((level in ('plan', 'customer')) <= (owner_id is not null))
);
-- Not unique: what has not begun yet may be corrected by a later version of the same moment (the greater id holds).
create index version_moment on tariffs.version
  (tenant_id, level, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), currency, effective_from, id);
select tenancy.protect('tariffs.version', 'insert');
-- The platform's price lists are what each reseller pays: a tenant reads the general ones and those made for it.
create policy price_list on tariffs.version for select to askpro_app
  using (tenant_id = '00000000-0000-0000-0000-000000000000'
         and (owner_id is null or owner_id = tenancy.current_tenant()));

create function tariffs.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'published prices are never changed: publish a new version' using errcode = 'insufficient_privilege';
end $$;
create trigger immutable before update or delete or truncate on tariffs.version
  for each statement execute function tariffs.refuse_change();

-- The stack of versions a call was rated with. The id is derived from its content.
create table tariffs.chain (
  tenant_id   uuid not null,
  id          uuid not null,
  currency    text not null,
  retail      uuid[] not null,      -- from the nearest level to the farthest
  wholesale   uuid[] not null,
  commission  uuid,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id)
);
select tenancy.protect('tariffs.chain', 'insert');
create trigger immutable before update or delete or truncate on tariffs.chain
  for each statement execute function tariffs.refuse_change();

-- Calls that must not be made by anybody, whatever the price lists say.
create table tariffs.blocked_prefix (
  prefix      text primary key check (prefix ~ '^[+][0-9]{1,15}$'),
  reason      text not null default '',
  created_at  timestamptz not null default now()
);
grant select on tariffs.blocked_prefix to askpro_app, askpro_platform;
grant insert, update, delete on tariffs.blocked_prefix to askpro_platform;
