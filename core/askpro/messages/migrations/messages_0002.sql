-- A page goes on after (created_at, id): mails of one fact are made at the same instant.
create index mail_latest on messages.mail (tenant_id, created_at, id);
create index mail_of_customer on messages.mail (tenant_id, customer_id, created_at, id);
drop index messages.mail_customer;
