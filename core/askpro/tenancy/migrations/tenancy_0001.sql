-- Tenants, the audit log, and the one helper by which every table with tenant data is protected.

create schema tenancy;
create schema audit;
grant usage on schema tenancy, audit to askpro_app, askpro_platform, askpro_ledger;
revoke all on schema public from public;
grant usage on schema public to askpro_app, askpro_platform, askpro_ledger;

-- The tenant this transaction is bound to; NULL outside a unit. The setting reads '' after its first use.
create function tenancy.current_tenant() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.tenant', true), '')::uuid;

-- Row-level security for a table: the application sees its unit's tenant, the platform role sees all.
-- `writes`: what the application may do beside reading.
create function tenancy.protect(t regclass, writes text default 'insert, update, delete', k text default 'tenant_id')
  returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', t);
  execute format('alter table %s force row level security', t);
  execute format('create policy tenant on %s to askpro_app using (%I = tenancy.current_tenant())', t, k);
  execute format('create policy platform on %s to askpro_platform, askpro_owner using (true)', t);
  execute format('grant select on %s to askpro_app, askpro_platform', t);
  if writes <> '' then
    execute format('grant %s on %s to askpro_app, askpro_platform', writes, t);
  end if;
end $$;

-- The platform is a tenant too (kind 'platform', the nil id): its price lists and its audit entries need an owner.
create table tenancy.tenant (
  id            uuid primary key,
  kind          text not null default 'reseller' check (kind in ('platform', 'reseller')),
  slug          text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,40}$'),
  name          text not null check (length(name) between 1 and 120),
  status        text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  seller        text not null default 'platform' check (seller in ('platform', 'reseller')),
  currency      text not null check (currency ~ '^[A-Z]{3}$'),
  locale        text not null,
  timezone      text not null,
  country       text not null default 'DE' check (country ~ '^[A-Z]{2}$'),
  brand         jsonb not null default '{}',
  settings      jsonb not null default '{}',
  tariff_epoch  bigint not null default 0,
  version       bigint not null default 1,
  created_at    timestamptz not null default now()
);
select tenancy.protect('tenancy.tenant', 'insert, update', 'id');

create table tenancy.domain (
  tenant_id   uuid not null,
  host        text not null check (host = lower(host) and host ~ '^[a-z0-9.-]{3,253}$'),
  is_primary  boolean not null default false,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, host)
);
create unique index domain_host on tenancy.domain (host);  -- a host answers for one tenant on the whole platform
select tenancy.protect('tenancy.domain');

-- VAT rate of a tenant's sales, by the day it begins to hold.
create table tenancy.tax_rate (
  tenant_id       uuid not null,
  effective_from  date not null,
  rate            numeric(6, 4) not null check (rate >= 0 and rate < 1),
  primary key (tenant_id, effective_from)
);
select tenancy.protect('tenancy.tax_rate');

-- Which tenant answers to a host: asked before any tenant is known, so it runs as the role that sees all.
-- Below the platform's own domain only the slug counts, so a registered domain can never stand in for a neighbour.
create function tenancy.by_host(p_host text, p_base text) returns setof tenancy.tenant
  language sql stable security definer set search_path = tenancy, pg_temp as $$
  select t.* from tenancy.tenant t
   where t.kind = 'reseller' and t.status <> 'closed'
     and case when right(p_host, length(p_base) + 1) = '.' || p_base
              then t.slug = left(p_host, -length('.' || p_base))
              else t.id = (select d.tenant_id from tenancy.domain d where d.host = p_host) end
$$;
-- What all processes compare their caches with: any change of a tenant raises it.
create function tenancy.stamp() returns bigint
  language sql stable security definer set search_path = tenancy, pg_temp as $$
  select coalesce(sum(version), 0)::bigint + count(*) from tenancy.tenant
$$;
grant create on schema tenancy to askpro_platform;
alter function tenancy.by_host(text, text) owner to askpro_platform;
alter function tenancy.stamp() owner to askpro_platform;
revoke create on schema tenancy from askpro_platform;

create table audit.entry (
  tenant_id  uuid not null,
  id         uuid not null,
  at         timestamptz not null default now(),
  actor      text not null,
  action     text not null,
  subject    text not null default '',
  detail     jsonb not null default '{}',
  address    text not null default '',
  primary key (tenant_id, id)
);
select tenancy.protect('audit.entry', 'insert');

-- Every look across tenants, with its reason.
create table audit.platform_access (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default now(),
  actor   text not null,
  reason  text not null
);
grant select, insert on audit.platform_access to askpro_platform;

create function audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse_change();
create trigger append_only before update or delete or truncate on audit.platform_access
  for each statement execute function audit.refuse_change();

insert into tenancy.tenant (id, kind, slug, name, currency, locale, timezone)
values ('00000000-0000-0000-0000-000000000000', 'platform', 'platform', 'Platform', 'EUR', 'en', 'UTC');
