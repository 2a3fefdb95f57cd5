"""Tables of price lists, as Piccolo sees them. Versions and chains are never changed: a trigger sees to that."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Bytea, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("BlockedPrefix", "ChainRow", "PlanRow", "VersionRow")


class PlanRow(Table, tablename="plan", schema="tariffs", db=DB):
    """A plan that customers can be put on."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    code = Text()
    name = Text()
    created_at = Timestamptz()


class VersionRow(Table, tablename="version", schema="tariffs", db=DB):
    """A published price list. ``owner_id`` is the plan, the customer, or the reseller a wholesale list is made for."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    level = Text()
    owner_id = UUID(null=True, default=None)
    currency = Text()
    effective_from = Timestamptz()
    content = JSONB()
    digest = Bytea()
    note = Text(default="")
    published_at = Timestamptz()
    published_by = Text()


class ChainRow(Table, tablename="chain", schema="tariffs", db=DB):
    """The versions and the commission scheme that calls were rated with, from the nearest level to the farthest."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    currency = Text()
    retail = Array(base_column=UUID(default=None))
    wholesale = Array(base_column=UUID(default=None))
    commission = UUID(null=True, default=None)
    created_at = Timestamptz()


class BlockedPrefix(Table, tablename="blocked_prefix", schema="tariffs", db=DB):
    """A destination nobody may call."""

    prefix = Text(primary_key=True)
    reason = Text(default="")
    created_at = Timestamptz()
