-- When a refund was handed to its provider last: committed before the call, so that of two who would send it one does,
-- and whoever comes later looks first whether it is there.
alter table payments.refund add column sent_at timestamptz;
