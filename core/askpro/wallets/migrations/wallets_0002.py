"""Low-balance notices, promotional credit that expires, and adjustments by hand."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "wallets_0002"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_wallets", __doc__ or "")
