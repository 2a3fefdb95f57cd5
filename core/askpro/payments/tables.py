"""Tables of orders, attempts and provider events, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("AttemptRow", "InboxRow", "OrderRow")


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
