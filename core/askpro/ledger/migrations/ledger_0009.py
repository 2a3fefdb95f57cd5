"""Silent calls that cannot be settled are put off, for longer each time."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "ledger_0009"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_ledger", __doc__ or "")
