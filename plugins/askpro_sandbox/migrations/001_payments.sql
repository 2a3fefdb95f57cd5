-- The sandbox's own books. Row-level security and grants are the host's business.

create table plug_sandbox.payment (
  tenant_id    uuid not null,
  id           uuid not null,
  key          text not null,
  kind         text not null check (kind in ('checkout', 'charge')),
  units        bigint not null check (units > 0),
  currency     text not null,
  description  text not null,
  customer     text not null,
  saves        boolean not null default false,
  method       uuid,
  return_url   text not null default '',
  cancel_url   text not null default '',
  state        text not null check (state in ('open', 'challenge', 'pending', 'silent', 'settled', 'declined', 'expired')),
  fate         text check (fate in ('settled', 'declined')),
  code         text not null default '',
  due_at       timestamptz,
  told         text not null default '',
  booked_at    timestamptz,
  created_at   timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);
create index on plug_sandbox.payment (tenant_id, due_at) where due_at is not null;

create table plug_sandbox.refund (
  tenant_id    uuid not null,
  id           uuid not null,
  key          text not null,
  payment_id   uuid not null,
  units        bigint not null check (units > 0),
  created_at   timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, payment_id) references plug_sandbox.payment (tenant_id, id)
);

create table plug_sandbox.method (
  tenant_id    uuid not null,
  id           uuid not null,
  customer     text not null,
  behaviour    text not null check (behaviour in ('succeed', 'decline', 'confirm', 'pending', 'timeout')),
  is_default   boolean not null default false,
  created_at   timestamptz not null,
  primary key (tenant_id, id)
);

create table plug_sandbox.signing (
  tenant_id    uuid not null,
  secret       bytea not null,
  primary key (tenant_id)
);
