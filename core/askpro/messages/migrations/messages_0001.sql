-- Mails to customers and staff, and which of them a customer does not want.

create schema messages;
grant usage on schema messages to askpro_app, askpro_platform;

-- `key`: one business fact is one mail to one recipient. Subject, text and html are written once, with the templates of
-- that moment, and never again; null: writing them failed and is tried again from `given`.
create table messages.mail (
  tenant_id    uuid not null,
  id           uuid not null,
  key          text not null check (length(key) between 1 and 300),
  template     text not null,
  locale       text not null,
  address      text not null,                    -- empty: there was none
  name         text not null default '',
  customer_id  uuid,
  person_id    uuid,
  given        jsonb not null default '{}',      -- what the template was given
  subject      text,
  text         text,
  html         text,
  state        text not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'skipped')),
  attempts     int not null default 0,
  next_try     timestamptz not null,             -- while one is under way: when it counts as lost
  last_error   text not null default '',
  created_at   timestamptz not null,
  sent_at      timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  check ((state = 'sent') = (sent_at is not null)),
  check (num_nulls(subject, text, html) in (0, 3)),
  check (state <> 'sent' or subject is not null)
);
create index mail_due on messages.mail (next_try) where state = 'waiting';
create index mail_customer on messages.mail (tenant_id, customer_id, created_at);
create index mail_age on messages.mail (created_at);
select tenancy.protect('messages.mail', 'insert, update');
grant delete on messages.mail to askpro_platform;  -- after ninety days, by housekeeping

-- A row: this customer does not want mails of that kind.
create table messages.preference (
  tenant_id    uuid not null,
  customer_id  uuid not null,
  kind         text not null,
  since        timestamptz not null,
  primary key (tenant_id, customer_id, kind)
);
select tenancy.protect('messages.preference', 'insert, delete');

-- Which mails have to be sent, across tenants: the sweeper learns ids and nothing else.
create function messages.due_mails(p_now timestamptz) returns table (tenant_id uuid, id uuid)
  language sql stable security definer set search_path = messages, pg_temp as $$
  select m.tenant_id, m.id from messages.mail m
   where m.state = 'waiting' and m.next_try <= p_now order by m.next_try limit 500
$$;
grant create on schema messages to askpro_platform;
alter function messages.due_mails(timestamptz) owner to askpro_platform;
revoke create on schema messages from askpro_platform;
revoke all on function messages.due_mails(timestamptz) from public;
grant execute on function messages.due_mails(timestamptz) to askpro_app, askpro_platform;
