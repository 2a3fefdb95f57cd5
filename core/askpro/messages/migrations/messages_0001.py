"""First schema of ``messages``."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "messages_0001"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_messages", __doc__ or "")
