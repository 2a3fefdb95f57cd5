-- Reference rates: how many units of a currency one euro was worth that day. The same for every tenant.

create table plug_ecb.rate (
  currency  text not null check (currency ~ '^[A-Z]{3}$'),
  day       date not null,
  rate      numeric not null check (rate > 0),
  primary key (currency, day)
);
