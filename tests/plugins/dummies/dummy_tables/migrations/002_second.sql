alter table plug_tables.note add column at timestamptz;
