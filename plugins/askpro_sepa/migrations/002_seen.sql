-- What the account has shown of collections, each movement once; for which account a file collects; how many days of
-- notice a mandate promises.

create table plug_sepa.booking (
  tenant_id   uuid not null,
  key         text not null,                     -- of the movement, the same in every statement that tells of it
  debit_id    uuid not null,
  credit      boolean not null,                  -- it came in; else it went back
  booked_on   date,
  created_at  timestamptz not null,
  primary key (tenant_id, key, debit_id),        -- one sum may stand for a whole batch
  foreign key (tenant_id, debit_id) references plug_sepa.debit (tenant_id, id)
);
create index on plug_sepa.booking (tenant_id, debit_id);

alter table plug_sepa.mandate add column notice_days int not null default 0;  -- 0: given before this was kept

alter table plug_sepa.file add column iban text not null default '';
alter table plug_sepa.file no force row level security;  -- its owner sees no tenant's rows otherwise
update plug_sepa.file
   set iban = coalesce(substring(convert_from(body, 'UTF8') from '<CdtrAcct><Id><IBAN>([A-Z0-9]+)</IBAN>'), '');
alter table plug_sepa.file force row level security;
