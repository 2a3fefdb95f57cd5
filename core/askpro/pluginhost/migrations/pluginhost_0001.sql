-- The second and third switch of a plugin: offered by the platform, enabled by a tenant. (The first: installed.)

create schema plugins;
grant usage on schema plugins to askpro_app, askpro_platform;

create table plugins.offer (
  plugin_id   text primary key,
  state       text not null check (state in ('offered', 'default', 'hidden')),
  changed_at  timestamptz not null default now()
);
grant select on plugins.offer to askpro_app, askpro_platform;
grant insert, update, delete on plugins.offer to askpro_platform;

create table plugins.tenant_plugin (
  tenant_id   uuid not null,
  plugin_id   text not null,
  enabled     boolean not null default false,
  settings    jsonb not null default '{}',
  secrets     bytea,
  version     int not null default 1,
  changed_at  timestamptz not null default now(),
  primary key (tenant_id, plugin_id)
);
select tenancy.protect('plugins.tenant_plugin', 'insert, update');
