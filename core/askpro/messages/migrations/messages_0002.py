"""Pages of the list of mails, of all and of one customer, without sorting."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "messages_0002"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_messages", __doc__ or "")
