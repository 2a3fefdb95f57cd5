create table plug_badsql.one (id int primary key);
create tabel plug_badsql.two (id int);
