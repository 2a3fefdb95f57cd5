"""Soft caps that are passed, for whoever tells of them: whatever passed them, calls under control or reported ones."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "calls_0003"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_calls", __doc__ or "")
