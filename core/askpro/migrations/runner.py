"""Run what is missing, once, whoever else is trying at the same moment."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig, AppRegistry

from askpro.db.engine import DB, prepare
from askpro.db.unit import Unit
from askpro.errors import Misconfigured
from askpro.migrations.closing import close_to_public

__all__ = ("migrate", "pending")

_LOCK = 7_411_001  # any number, the same in every process
os.environ.setdefault("PICCOLO_CONF", "askpro.piccolo_conf")


async def migrate(dsn: str, *, extra_apps: Sequence[str] = ()) -> list[str]:
    """Bring the database up to date; returns the ids that ran now. ``extra_apps``: plugins' Piccolo apps.

    All or nothing. Raises Misconfigured when the role may not do it or a migration fails.
    """
    try:
        connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError) as error:
        raise Misconfigured(f"ASKPRO_MIGRATE_URL: {error}") from error
    try:
        await prepare(connection)
        return await _run(connection, extra_apps)
    finally:
        await connection.close()


async def _run(connection: Any, extra_apps: Sequence[str]) -> list[str]:
    transaction = connection.transaction()
    await transaction.start()
    token = DB.current_transaction.set(Unit(connection, "migration", None))
    DB.in_migration = True
    try:
        await connection.execute("set local lock_timeout = '60s'")
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute("set local role askpro_owner")
        before = await _applied(connection)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), _apps(extra_apps):
            result = await run_forwards("all")
        if not result.success:
            raise Misconfigured(f"migration failed: {result.message or said.getvalue()}")
        await close_to_public(connection)
        # how far the schema is, is no secret: readiness asks for it as the application
        await connection.execute("grant select on public.migration to askpro_app, askpro_platform")
        after = await _applied(connection)
        await transaction.commit()
        return sorted(after - before)
    except BaseException as error:
        if not connection.is_closed():
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await transaction.rollback()
        if isinstance(error, asyncpg.PostgresError):
            raise Misconfigured(f"migration failed: {error}") from error
        raise
    finally:
        DB.in_migration = False
        DB.current_transaction.reset(token)


@contextlib.contextmanager
def _apps(extra: Sequence[str]) -> Iterator[None]:
    from askpro import piccolo_conf  # late: Piccolo reads its registry from this module object

    registry = piccolo_conf.APP_REGISTRY
    known = list(registry.apps)
    piccolo_conf.APP_REGISTRY = AppRegistry(known + [app for app in extra if app not in known])
    try:
        yield
    finally:
        piccolo_conf.APP_REGISTRY = registry


async def _applied(connection: Any) -> set[str]:
    if await connection.fetchval("select to_regclass('public.migration')") is None:
        return set()
    return {row["name"] for row in await connection.fetch("select name from public.migration")}


async def pending(extra_apps: Sequence[str] = ()) -> list[str]:
    """Ids of migrations this code has and the open database lacks. Needs an open unit."""
    ran = {row["name"] for row in await Migration.select(Migration.name).run()}
    manager = BaseMigrationManager()
    found: list[str] = []
    with _apps(extra_apps):
        for name in manager.get_sorted_app_names():
            config: AppConfig = manager.get_app_config(name)
            found += manager.get_migration_ids(manager.get_migration_modules(config.resolved_migrations_folder_path))
    return sorted(set(found) - ran)
