"""Table of what customers prefer for their wallets, as Piccolo sees it."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("PreferenceRow",)


class PreferenceRow(Table, tablename="preference", schema="wallets", db=DB):
    """What a customer prefers for a wallet. The real key is (tenant_id, wallet_id)."""

    tenant_id = UUID(default=None)
    wallet_id = UUID(primary_key=True, default=None)
    low_balance = BigInt(default=0)
    low_notified_at = Timestamptz(null=True, default=None)
