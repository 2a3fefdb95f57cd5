"""Tables of calls in progress, as Piccolo sees them. Only the ledger's own SQL functions write them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("CallLimit", "Funding", "HoldRow", "SpendDay")


class HoldRow(Table, tablename="hold", schema="ledger", db=DB):
    """A call under control and the money held for it. The real key is (tenant_id, id)."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    wallet_id = UUID(default=None)
    reseller_id = UUID(null=True, default=None)
    currency = Text()
    customer = Text()
    line = Text()
    source = Text()
    external_id = Text()
    direction = SmallInt()
    caller = Text()
    callee = Text()
    began_at = Timestamptz(default=None)
    day = Date(default=None)
    state = Text()
    held = BigInt()
    wholesale = BigInt()
    cover = Integer()
    metered = Boolean()
    staged = Boolean()
    extends = Integer()
    tokens = BigInt()
    bookings = Integer()
    actor = Text()
    authorized_at = Timestamptz(default=None)
    answered_at = Timestamptz(null=True, default=None)
    heartbeat_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)
    reaped_at = Timestamptz(null=True, default=None)
    unbilled = Integer()
    charged = BigInt()
    passed_on = BigInt()
    charge_id = UUID(null=True, default=None)
    passed_id = UUID(null=True, default=None)
    tries = Integer(default=0)
    tried_at = Timestamptz(null=True, default=None)


class CallLimit(Table, tablename="call_limit", schema="ledger", db=DB):
    """Caps of a reseller, a customer or a number. The real key is (tenant_id, scope, subject)."""

    tenant_id = UUID(default=None)
    scope = Text()
    subject = Text(primary_key=True)
    currency = Text()
    concurrent = Integer(null=True, default=None)
    per_second = Integer(null=True, default=None)
    longest = Integer(null=True, default=None)
    day_soft = BigInt(null=True, default=None)
    day_hard = BigInt(null=True, default=None)
    week_soft = BigInt(null=True, default=None)
    week_hard = BigInt(null=True, default=None)
    month_soft = BigInt(null=True, default=None)
    month_hard = BigInt(null=True, default=None)
    counted = Boolean()
    second = Timestamptz(default=None)
    in_second = Integer()
    told = JSONB()


class SpendDay(Table, tablename="spend_day", schema="ledger", db=DB):
    """What was spent on a civil day under a cap. The real key is (tenant_id, subject, day)."""

    tenant_id = UUID(default=None)
    subject = UUID(default=None)
    day = Date(primary_key=True, default=None)
    spent = BigInt()


class Funding(Table, tablename="funding", schema="ledger", db=DB):
    """When a reseller paid in advance, and out of which wallet. The real key is (tenant_id, currency, since)."""

    tenant_id = UUID(default=None)
    currency = Text()
    since = Timestamptz(primary_key=True, default=None)
    until = Timestamptz(null=True, default=None)
    wallet_id = UUID(default=None)
