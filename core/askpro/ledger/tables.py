"""Tables of the books, as Piccolo sees them. Only the ledger's own SQL functions write them."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = (
    "Account",
    "BookingKey",
    "BucketDraw",
    "BucketRow",
    "Root",
    "TransferRow",
    "Usage",
    "UsageMonth",
    "WalletRow",
)


class Account(Table, tablename="account", schema="ledger", db=DB):
    """Where money can be. The real key is (tenant_id, id)."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    kind = Text()
    currency = Text()
    code = Text()
    opened_at = Timestamptz(default=None)


class WalletRow(Table, tablename="wallet", schema="ledger", db=DB):
    """A customer's account: the only kind with a synchronous balance, in 10⁻⁶ of its currency."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    currency = Text()
    posted = BigInt()
    held = BigInt()
    credit_line = BigInt()
    lowest = BigInt()
    overrun = BigInt()
    seq = BigInt()
    frozen = Boolean()
    opened_at = Timestamptz(default=None)


class TransferRow(Table, tablename="transfer", schema="ledger", db=DB):
    """Money that left one account and entered another. Append-only; partitioned by the month of its id."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    group_id = UUID(default=None)
    debit_account = UUID(default=None)
    credit_account = UUID(default=None)
    amount = BigInt()
    currency = Text()
    kind = Text()
    key = Text(null=True, default=None)
    day = Date(default=None)
    occurred_at = Timestamptz(default=None)
    booked_at = Timestamptz(default=None)
    actor = Text()
    reason = Text()
    reverses = UUID(null=True, default=None)
    calls = Integer()
    debit_seq = BigInt(null=True, default=None)
    debit_balance = BigInt(null=True, default=None)
    credit_seq = BigInt(null=True, default=None)
    credit_balance = BigInt(null=True, default=None)


class BookingKey(Table, tablename="booking_key", schema="ledger", db=DB):
    """A business fact that is booked. The real key is (tenant_id, kind, key)."""

    tenant_id = UUID(default=None)
    kind = Text()
    key = Text(primary_key=True)
    transfer_id = UUID(default=None)


class BucketRow(Table, tablename="bucket", schema="ledger", db=DB):
    """What a wallet was credited with, and what is left of it (D5)."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    wallet_id = UUID(default=None)
    kind = Text()
    priority = Integer()
    expires_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=None)
    granted = BigInt()
    rest = BigInt()
    transfer_id = UUID(default=None)


class BucketDraw(Table, tablename="bucket_draw", schema="ledger", db=DB):
    """What a transfer took from a bucket; negative: gave back. The real key is (tenant_id, transfer_id, bucket_id)."""

    tenant_id = UUID(default=None)
    transfer_id = UUID(default=None)
    bucket_id = UUID(primary_key=True, default=None)
    amount = BigInt()


class Usage(Table, tablename="usage", schema="ledger", db=DB):
    """A booked call with its price on every tier. Append-only; partitioned by the month in its id."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    wallet_id = UUID(default=None)
    began_at = Timestamptz(default=None)
    day = Date(default=None)
    ring_ms = Integer()
    talk_ms = Integer(null=True, default=None)
    billed = Integer()
    direction = SmallInt()
    bookings = Integer()
    tokens = BigInt()
    price = BigInt()
    wholesale = BigInt()
    commission = BigInt()
    overrun = BigInt()
    balance_after = BigInt()
    wallet_seq = BigInt()
    used_before = Integer()
    metered = Boolean()
    chain_id = UUID(null=True, default=None)
    source = Text()
    external_id = Text()
    caller = Text(null=True, default=None)
    callee = Text(null=True, default=None)
    booked_at = Timestamptz(default=None)


class UsageMonth(Table, tablename="usage_month", schema="ledger", db=DB):
    """A wallet's civil month. The real key is (tenant_id, wallet_id, month)."""

    tenant_id = UUID(default=None)
    wallet_id = UUID(default=None)
    month = Date(primary_key=True, default=None)
    calls = BigInt()
    answered = BigInt()
    seconds = BigInt()
    metered = BigInt()
    price = BigInt()
    wholesale = BigInt()
    commission = BigInt()
    overrun = BigInt()


class Root(Table, tablename="root", schema="ledger", db=DB):
    """The Merkle root of what was booked on a UTC day. The real key is (tenant_id, day)."""

    tenant_id = UUID(default=None)
    day = Date(primary_key=True, default=None)
    leaves = BigInt()
    root = Bytea()
    previous = Bytea()
    made_at = Timestamptz(default=None)
