create table plug_unled.one (tenant_id uuid not null, id uuid primary key);
