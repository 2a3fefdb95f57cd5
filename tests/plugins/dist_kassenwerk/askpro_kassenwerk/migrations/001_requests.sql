-- What was asked of Kassenwerk, under AskPro's keys. The host adds row-level security, because there is a tenant_id.

create table plug_kassenwerk.request (
  tenant_id   uuid not null,
  family      text not null check (family in ('payment', 'refund')),
  key         text not null,
  subject     text not null,                 -- of a payment the customer's id, of a refund the payment's key
  units       bigint not null check (units > 0),
  currency    text not null,
  live        boolean not null,
  state       text not null check (state in ('sent', 'known', 'refused')),
  code        text not null default '',      -- why it was refused
  ref         text not null default '',      -- Kassenwerk's number
  url         text not null default '',      -- the page on which the customer pays
  expires_at  timestamptz,
  sent_at     timestamptz not null,
  primary key (tenant_id, family, key)
);
create index on plug_kassenwerk.request (tenant_id, sent_at);
