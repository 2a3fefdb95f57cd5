"""Saved methods' charges: where an order came from, the rule of auto-top-up, and what customers agreed to."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.migrations.script import sql_migration

ID = "payments_0003"


async def forwards() -> MigrationManager:
    return sql_migration(__file__, ID, "askpro_payments", __doc__ or "")
