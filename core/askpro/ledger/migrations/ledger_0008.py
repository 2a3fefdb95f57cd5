"""What booked calls cost, for those who ask again; it takes the place of `known_usage`, which nobody asked."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "ledger_0008"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_ledger", __doc__ or "")
