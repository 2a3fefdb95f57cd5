-- Transfers that are waited for, files that were uploaded, and what they said. Row-level security and grants are the
-- host's business.

create table plug_banktransfer.transfer (
  tenant_id        uuid not null,
  id               uuid not null,
  key              text not null,
  reference        text not null check (reference ~ '^RF[0-9]{2}[0-9A-Z]{1,21}$'),
  order_reference  text not null default '',
  order_canonical  text not null default '',
  units            bigint not null check (units > 0),
  currency         text not null,
  customer         text not null,
  customer_name    text not null default '',
  iban             text not null,
  state            text not null check (state in ('open', 'announced', 'cancelled', 'settled')),
  return_url       text not null,
  cancel_url       text not null,
  created_at       timestamptz not null,
  expires_at       timestamptz not null,
  settled_at       timestamptz,
  paid_ref         text not null default '' check ((state = 'settled') = (paid_ref <> '')),
  told             text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, key),
  unique (tenant_id, reference)
);
create index on plug_banktransfer.transfer (tenant_id, units) where state <> 'settled';
create index on plug_banktransfer.transfer (tenant_id, created_at) where order_canonical <> '';
create index on plug_banktransfer.transfer (tenant_id) where told <> state and state <> 'open';

create table plug_banktransfer.upload (
  tenant_id     uuid not null,
  id            uuid not null,
  digest        text not null,
  name          text not null,
  account       text not null,
  first_day     date,
  last_day      date,
  matched       int not null,
  queued        int not null,
  known         int not null,
  ignored       int not null,
  problems      text[] not null default '{}',
  uploaded_by   text not null,
  created_at    timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, digest)
);

create table plug_banktransfer.movement (
  tenant_id      uuid not null,
  id             uuid not null,
  upload_id      uuid not null,
  account        text not null,
  key            text not null,
  bank_ref       text not null,
  units          bigint not null check (units >= 0),
  currency       text not null,
  credit         boolean not null,
  booked_on      date,
  text           text not null,
  name           text not null,
  iban           text not null,
  return_reason  text not null default '',
  state          text not null check (state in ('review', 'assigned', 'used', 'returned', 'foreign')),
  reason         text not null,
  named_id       uuid,
  transfer_id    uuid check ((transfer_id is not null) = (state in ('assigned', 'used'))),
  note           text not null default '',
  decided_by     text not null default '',
  decided_at     timestamptz,
  created_at     timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, account, key),
  foreign key (tenant_id, upload_id) references plug_banktransfer.upload (tenant_id, id),
  foreign key (tenant_id, named_id) references plug_banktransfer.transfer (tenant_id, id),
  foreign key (tenant_id, transfer_id) references plug_banktransfer.transfer (tenant_id, id)
);
create index on plug_banktransfer.movement (tenant_id, created_at) where state = 'review';
create index on plug_banktransfer.movement (tenant_id, transfer_id) where transfer_id is not null;
create index on plug_banktransfer.movement (tenant_id, named_id) where named_id is not null and state = 'review';
