"""The outbox as a table."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db.engine import DB

__all__ = ("Outbox",)


class Outbox(Table, db=DB, schema="events", tablename="outbox"):
    """An event and what became of it."""

    tenant_id = UUID()
    id = UUID(primary_key=True)
    kind = Text()
    payload = JSONB()
    created_at = Timestamptz()
    delivered = Array(base_column=Text())
    attempts = Integer()
    next_try = Timestamptz()
    done_at = Timestamptz(null=True)
    dead_at = Timestamptz(null=True)
    last_error = Text()
