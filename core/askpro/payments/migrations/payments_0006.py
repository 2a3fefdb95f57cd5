"""When a refund was handed to its provider."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "payments_0006"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_payments", __doc__ or "")
