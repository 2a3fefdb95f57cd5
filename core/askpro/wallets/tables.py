"""Tables of wallets beside the ledger's own, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import UUID, Array, BigInt, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("AdjustmentRow", "AttachmentRow", "PreferenceRow", "PromoRow", "PutOffRow", "ToldRow")


class PreferenceRow(Table, tablename="preference", schema="wallets", db=DB):
    """What a customer prefers for a wallet. The real key is (tenant_id, wallet_id)."""

    tenant_id = UUID(default=None)
    wallet_id = UUID(primary_key=True, default=None)
    low_balance = BigInt(default=0)
    tell_empty = Boolean(default=True)
    thresholds = Array(base_column=BigInt())


class ToldRow(Table, tablename="told", schema="wallets", db=DB):
    """What a customer was told last. The real key is (tenant_id, wallet_id, level, threshold)."""

    tenant_id = UUID(default=None)
    wallet_id = UUID(default=None)
    level = Text(primary_key=True)
    seq = BigInt()
    posted = BigInt()
    credit_line = BigInt()
    at = Timestamptz(default=None)
    threshold = BigInt(default=0)


class PromoRow(Table, tablename="promo", schema="wallets", db=DB):
    """Promotional credit that was granted; its id is its transfer's and its bucket's."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    wallet_id = UUID(default=None)
    currency = Text()
    amount = BigInt()
    priority = Integer()
    expires_at = Timestamptz(null=True, default=None)
    reason = Text()
    idempotency = Text()
    granted_by = Text()
    created_at = Timestamptz(default=None)
    warn_at = Timestamptz(null=True, default=None)
    expired = BigInt(default=0)
    granter = Text()
    alone = BigInt()
    approver = Text(default="")


class PutOffRow(Table, tablename="put_off", schema="wallets", db=DB):
    """An expired bucket that is not to be looked at before an instant. The real key is (tenant_id, bucket_id)."""

    tenant_id = UUID(default=None)
    bucket_id = UUID(primary_key=True, default=None)
    until = Timestamptz(default=None)
    failures = Integer(default=0)


class AdjustmentRow(Table, tablename="adjustment", schema="wallets", db=DB):
    """A booking by hand, proposed and decided."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    wallet_id = UUID(default=None)
    currency = Text()
    amount = BigInt()
    alone = BigInt()
    reason = Text()
    idempotency = Text()
    attachment_name = Text()
    proposed_by = Text()
    proposer = Text()
    created_at = Timestamptz(default=None)
    state = Text(default="waiting")
    decided_by = Text()
    decider = Text()
    decision = Text()
    decided_at = Timestamptz(null=True, default=None)
    transfer_id = UUID(null=True, default=None)
    balance_after = BigInt(null=True, default=None)
    kind = Text(default="adjustment")
    priority = Integer(default=0)
    expires_at = Timestamptz(null=True, default=None)


class AttachmentRow(Table, tablename="attachment", schema="wallets", db=DB):
    """A paper that belongs to an adjustment and has its id."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    name = Text()
    kind = Text()
    body = Bytea()
    sha256 = Bytea()
    created_at = Timestamptz(default=None)
