"""Tables of idempotent commands and of the rate limiter, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("RateCount", "StoredAnswer")


class StoredAnswer(Table, tablename="idempotency", schema="web", db=DB):
    """The answer of a command (D12). The real key is (tenant_id, principal, route, key)."""

    tenant_id = UUID(default=None)
    principal = Text()
    route = Text()
    key = Text(primary_key=True)
    body_hash = Bytea()
    status = Integer(null=True, default=None)
    headers = JSONB(null=True, default=None)
    body = Bytea(null=True, default=None)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)


class RateCount(Table, tablename="rate", schema="web", db=DB):
    """A counter of the limiter; unlogged. The real key is (bucket, window_at)."""

    bucket = UUID(primary_key=True, default=None)
    window_at = Timestamptz(default=None)
    n = Integer()
