-- Mandates, collections and files: the only books there are about these payments. Row-level security and grants are
-- the host's business. IBANs lie in the open here, because the file needs them; pages and mails show four digits.

create table plug_sepa.mandate (
  tenant_id      uuid not null,
  id             uuid not null,
  ref            text not null check (ref ~ '^[A-Za-z0-9/?:().,''+-]{1,35}$'),
  customer       text not null,
  name           text not null,
  iban           text not null,
  bic            text not null default '',
  scheme         text not null check (scheme in ('CORE', 'B2B')),
  single         boolean not null,               -- given for one payment
  text           text not null,                  -- what was agreed to, word for word
  text_version   text not null,
  locale         text not null,
  address        text not null default '',       -- from which the agreement came
  signed_at      timestamptz not null,
  signed_on      date not null,
  state          text not null check (state in ('active', 'revoked', 'used')),
  reason         text not null default '',
  closed_at      timestamptz,
  closed_by      text not null default '',
  first_used_on  date,
  last_used_on   date,
  is_default     boolean not null default false,
  fingerprint    text not null,
  told           text not null default '',       -- the state of which the core has heard
  primary key (tenant_id, id),
  unique (tenant_id, ref)
);
create index on plug_sepa.mandate (tenant_id, customer);
create unique index on plug_sepa.mandate (tenant_id, customer) where is_default;

create table plug_sepa.file (
  tenant_id      uuid not null,
  id             uuid not null,
  message_id     text not null,
  scheme         text not null,
  state          text not null check (state in ('exported', 'undone')),
  transactions   int not null check (transactions > 0),
  units          bigint not null check (units > 0),
  sha256         text not null,
  body           bytea not null,
  first_on       date not null,
  last_on        date not null,
  created_at     timestamptz not null,
  created_by     text not null,
  downloads      int not null default 0,
  downloaded_at  timestamptz,
  undone_at      timestamptz,
  undone_by      text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, message_id)
);

create table plug_sepa.debit (
  tenant_id      uuid not null,
  id             uuid not null,
  key            text not null,
  kind           text not null check (kind in ('checkout', 'charge')),
  units          bigint not null check (units > 0 and units % 10000 = 0),
  description    text not null,
  reference      text not null,
  customer       text not null,
  locale         text not null,
  state          text not null check (state in ('open', 'queued', 'exported', 'settled', 'returned', 'rejected',
                                                'cancelled', 'expired')),
  created_at     timestamptz not null,
  saves          boolean not null default false,
  consent        text not null default '',
  mandate_ref    text not null default '',
  return_url     text not null default '',
  cancel_url     text not null default '',
  expires_at     timestamptz,
  mandate_id     uuid,
  sequence       text not null default '' check (sequence in ('', 'RCUR', 'OOFF')),
  collect_on     date,
  announced_on   date,
  announced_at   timestamptz,
  announced_how  text not null default '',
  file_id        uuid,
  block          text not null default '',
  fault          text not null default '',
  code           text not null default '',
  credited_at    timestamptz,
  settled_on     date,
  returned_at    timestamptz,
  news           text not null default '',
  told           text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, mandate_id) references plug_sepa.mandate (tenant_id, id),
  foreign key (tenant_id, file_id) references plug_sepa.file (tenant_id, id),
  check (state not in ('queued', 'exported', 'settled', 'returned')
         or (mandate_id is not null and sequence <> '' and collect_on is not null)),
  check ((state in ('exported', 'settled', 'returned')) <= (file_id is not null))
);
create index on plug_sepa.debit (tenant_id, collect_on) where state = 'queued';
create index on plug_sepa.debit (tenant_id, file_id, block) where file_id is not null;
create index on plug_sepa.debit (tenant_id, mandate_id) where mandate_id is not null;
create index on plug_sepa.debit (tenant_id, customer);
create index on plug_sepa.debit (tenant_id, id) where told <> news;

create table plug_sepa.setup (
  tenant_id      uuid not null,
  id             uuid not null,
  key            text not null,
  customer       text not null,
  consent        text not null,
  mandate_ref    text not null,
  return_url     text not null,
  cancel_url     text not null,
  state          text not null check (state in ('open', 'done', 'cancelled')),
  mandate_id     uuid,
  expires_at     timestamptz not null,
  created_at     timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);

create table plug_sepa.upload (
  tenant_id      uuid not null,
  id             uuid not null,
  name           text not null,
  kind           text not null,
  sha256         text not null,
  report         text not null,                  -- JSON: what was found and done
  created_at     timestamptz not null,
  created_by     text not null,
  primary key (tenant_id, id)
);
