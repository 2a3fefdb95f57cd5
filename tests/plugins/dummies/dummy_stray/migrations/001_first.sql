create table plug_stray.one (tenant_id uuid references tenancy.tenant (id), id uuid, primary key (tenant_id, id));
