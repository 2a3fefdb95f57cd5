"""Calls in progress: who they are for and whether that still holds, in the same round trip as the money."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "calls_0002"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_calls", __doc__ or "")
