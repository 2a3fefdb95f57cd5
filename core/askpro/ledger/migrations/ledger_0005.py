"""The functions of calls in progress: set money aside, more of it, give it back, settle what fell silent."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "ledger_0005"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_ledger", __doc__ or "")
