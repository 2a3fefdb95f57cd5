"""Tables of orders, attempts and provider events, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Bytea, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = (
    "AttemptRow", "BankPayoutRow", "ConsentRow", "DisputeRow", "EndpointRow", "InboxRow", "OrderRow", "RefundRow",
    "RuleRow",
)  # fmt: skip


class OrderRow(Table, tablename="orders", schema="payments", db=DB):
    """What a customer wants to top up, with net, tax and gross."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    wallet_id = UUID(default=None)
    person_id = UUID(null=True, default=None)
    currency = Text()
    net = BigInt()
    tax = BigInt()
    gross = BigInt()
    tax_rate = Numeric(digits=(6, 4))
    provider = Text()
    idempotency = Text()
    state = Text(default="new")
    reason = Text(default="")
    flag = Text(default="")
    method = Text(default="")
    reference = Text()
    transfer_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    settled_at = Timestamptz(null=True, default=None)
    origin = Text(default="checkout")
    method_ref = Text(default="")


class ConsentRow(Table, tablename="consent", schema="payments", db=DB):
    """What a customer has agreed to, in the words that were shown."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    wallet_id = UUID(default=None)
    kind = Text()
    provider = Text()
    text = Text()
    version = Text()
    locale = Text()
    terms = JSONB(default="{}")
    actor = Text()
    address = Text(default="")
    given_at = Timestamptz()


class RuleRow(Table, tablename="rule", schema="payments", db=DB):
    """The rule of auto-top-up. The real key is (tenant_id, wallet_id)."""

    tenant_id = UUID(default=None)
    wallet_id = UUID(primary_key=True, default=None)
    customer_id = UUID(default=None)
    currency = Text()
    threshold = BigInt()
    mode = Text()
    amount = BigInt()
    monthly_cap = BigInt()
    provider = Text()
    method_ref = Text()
    method_label = Text()
    method_fingerprint = Text(default="")
    mandate = Text(default="")
    consent_id = UUID(default=None)
    state = Text()
    reason = Text(default="")
    declines = Integer(default=0)
    cooldown_seconds = Integer(default=0)
    cooldown_until = Timestamptz(null=True, default=None)
    last_refusal = Text(default="")
    open_order = UUID(null=True, default=None)
    last_order = UUID(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()
    paused_at = Timestamptz(null=True, default=None)


class AttemptRow(Table, tablename="attempt", schema="payments", db=DB):
    """One try to collect an order."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    order_id = UUID(default=None)
    provider = Text()
    account = Text(default="")
    provider_ref = Text(null=True, default=None)
    checkout_url = Text(null=True, default=None)
    state = Text(default="new")
    method = Text(default="")
    detail = JSONB(default="{}")
    created_at = Timestamptz()
    changed_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    look_ups = Integer(default=0)
    look_up_at = Timestamptz(null=True, default=None)


class InboxRow(Table, tablename="inbox", schema="payments", db=DB):
    """A provider's event as it came."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    provider = Text()
    account = Text(default="")
    event_id = Text()
    kind = Text(default="")
    key = Text(default="")
    provider_ref = Text(default="")
    body = Bytea()
    headers = JSONB(default="{}")
    received_at = Timestamptz()
    attempts = Integer(default=0)
    next_try = Timestamptz()
    processed_at = Timestamptz(null=True, default=None)
    dead_at = Timestamptz(null=True, default=None)
    last_error = Text(default="")
    type = Text(default="")
    payment_ref = Text(default="")
    live = Boolean(default=True)


class EndpointRow(Table, tablename="endpoint", schema="payments", db=DB):
    """An address to which a provider delivers its events."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    provider = Text()
    account = Text(default="")
    token_hash = Bytea()
    token = Bytea()
    created_at = Timestamptz()
    last_event_at = Timestamptz(null=True, default=None)
    accepted = BigInt(default=0)
    ignored = BigInt(default=0)
    refused = BigInt(default=0)
    last_refused_at = Timestamptz(null=True, default=None)


class RefundRow(Table, tablename="refund", schema="payments", db=DB):
    """Money of an order that goes back to the customer."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    order_id = UUID(default=None)
    attempt_id = UUID(default=None)
    provider = Text()
    account = Text(default="")
    provider_ref = Text(null=True, default=None)
    origin = Text(default="ours")
    currency = Text()
    net = BigInt()
    tax = BigInt()
    gross = BigInt()
    state = Text(default="new")
    closed = Boolean(default=False)
    code = Text(default="")
    reason = Text(default="")
    idempotency = Text()
    by = Text()
    taken = Boolean(default=True)
    transfers = Array(base_column=UUID())
    look_ups = Integer(default=0)
    look_up_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()
    settled_at = Timestamptz(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)


class DisputeRow(Table, tablename="dispute", schema="payments", db=DB):
    """A bank's claim to a payment."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    order_id = UUID(default=None)
    attempt_id = UUID(default=None)
    wallet_id = UUID(default=None)
    provider = Text()
    account = Text(default="")
    number = Text(db_column_name="ref")  # Table.ref is Piccolo's own
    payment_ref = Text(default="")
    currency = Text()
    amount = BigInt()
    state = Text(default="open")
    reason = Text(default="")
    fee = BigInt(null=True, default=None)
    fee_currency = Text(default="")
    answer_by = Timestamptz(null=True, default=None)
    froze = Boolean(default=False)
    released_at = Timestamptz(null=True, default=None)
    net = BigInt(default=0)
    tax = BigInt(default=0)
    gross = BigInt(default=0)
    clawed = BigInt(default=0)
    reinstated = BigInt(default=0)
    transfers = Array(base_column=UUID())
    look_ups = Integer(default=0)
    look_up_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)


class BankPayoutRow(Table, tablename="bank_payout", schema="payments", db=DB):
    """What a provider sends to a reseller's bank by itself."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    provider = Text()
    number = Text(db_column_name="ref")  # Table.ref is Piccolo's own
    live = Boolean()
    amount = BigInt(null=True, default=None)
    currency = Text(default="")
    outcome = Text()
    code = Text(default="")
    seen_at = Timestamptz()
    changed_at = Timestamptz()
