"""The portal's busiest pages in few round trips."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "web_0002"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_web", __doc__ or "")
