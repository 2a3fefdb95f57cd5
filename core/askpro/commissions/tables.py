"""Table of commission schemes, as Piccolo sees it. A trigger keeps schemes from being changed."""

from __future__ import annotations

from piccolo.columns import UUID, Numeric, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("SchemeRow",)


class SchemeRow(Table, tablename="scheme", schema="commissions", db=DB):
    """How a reseller earns from an instant on."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    effective_from = Timestamptz()
    kind = Text()
    value = Numeric(digits=(18, 8))
    created_at = Timestamptz()
    created_by = Text()
