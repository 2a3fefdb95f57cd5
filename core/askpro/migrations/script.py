"""A migration that is one SQL file."""

from __future__ import annotations

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.db.engine import DB

__all__ = ("no_way_back", "sql_migration")


async def no_way_back() -> None:
    """Raises RuntimeError: what was migrated is not undone, least of all money."""
    raise RuntimeError("migrations are not undone: restore a backup or write the next one")


def sql_migration(module_file: str, migration_id: str, app_name: str, description: str) -> MigrationManager:
    """The migration whose statements stand in the ``.sql`` file beside ``module_file``.

    ``run_ddl`` would prepare the text and so allow one statement only; the connection takes them all.
    """
    text = Path(module_file).with_suffix(".sql").read_text(encoding="utf-8")
    manager = MigrationManager(migration_id=migration_id, app_name=app_name, description=description)

    async def forwards() -> None:
        opened = DB.current_transaction.get()
        if opened is None:
            raise RuntimeError("migrations run through `askpro migrate` only")
        await opened.connection.execute(text)

    manager.add_raw(forwards)
    manager.add_raw_backwards(no_way_back)
    return manager
