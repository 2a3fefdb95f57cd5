"""Several thresholds of a wallet, four eyes for promotional credit, and expiries that are put off."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "wallets_0003"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_wallets", __doc__ or "")
