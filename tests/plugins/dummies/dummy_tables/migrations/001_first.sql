create table plug_tables.note (tenant_id uuid not null, id uuid not null, text text not null, primary key (tenant_id, id));
create table plug_tables.word (word text primary key);
