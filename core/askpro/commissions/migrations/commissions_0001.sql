-- What a reseller earns of each call, as dated, immutable schemes.

create schema commissions;
grant usage on schema commissions to askpro_app, askpro_platform;

create table commissions.scheme (
  tenant_id       uuid not null,
  id              uuid not null,
  effective_from  timestamptz not null,
  kind            text not null check (kind in ('percent', 'margin', 'per_minute')),
  value           numeric(18, 8) not null check (value >= 0),
  created_at      timestamptz not null default now(),
  created_by      text not null,
  primary key (tenant_id, id)
);
-- Not unique: a scheme that has not begun yet may be corrected by a later one of the same moment.
create index scheme_moment on commissions.scheme (tenant_id, effective_from, id);
select tenancy.protect('commissions.scheme', 'insert');
create trigger immutable before update or delete or truncate on commissions.scheme
  for each statement execute function tariffs.refuse_change();
