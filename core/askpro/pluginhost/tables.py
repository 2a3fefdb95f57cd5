"""Tables of the plugins' switches, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("Offer", "TenantPlugin")


class Offer(Table, tablename="offer", schema="plugins", db=DB):
    """Whether the platform offers a plugin to resellers."""

    plugin_id = Text(primary_key=True)
    state = Text()
    changed_at = Timestamptz(default=None)


class TenantPlugin(Table, tablename="tenant_plugin", schema="plugins", db=DB):
    """Whether a tenant has enabled a plugin, and its settings. The real key is (tenant_id, plugin_id)."""

    tenant_id = UUID(default=None)
    plugin_id = Text(primary_key=True)
    enabled = Boolean()
    settings = JSONB()
    secrets = Bytea(null=True, default=None)
    version = Integer()
    changed_at = Timestamptz(default=None)
