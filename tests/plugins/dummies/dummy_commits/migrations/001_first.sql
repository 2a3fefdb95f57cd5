create table plug_commits.one (id int primary key);
commit;
create table plug_commits.two (id int);
