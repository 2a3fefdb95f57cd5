-- What customers see of their money beside the ledger itself.

create schema wallets;
grant usage on schema wallets to askpro_app, askpro_platform;

create table wallets.preference (
  tenant_id        uuid not null,
  wallet_id        uuid not null,
  low_balance      bigint not null default 0 check (low_balance >= 0),   -- 10⁻⁶; 0: no notice
  low_notified_at  timestamptz,
  primary key (tenant_id, wallet_id)
);
select tenancy.protect('wallets.preference', 'insert, update');
