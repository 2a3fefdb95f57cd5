"""A database from nothing: roles, database, schema. For the embedded server and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from askpro.migrations.roles import create_roles
from askpro.migrations.runner import migrate

__all__ = ("bootstrap", "with_database")


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def bootstrap(admin_dsn: str, name: str, *, app_password: str, extra_apps: Sequence[str] = ()) -> list[str]:
    """Make roles and database ``name`` where missing and migrate it; returns the migrations that ran.

    ``admin_dsn`` signs in as somebody who may create roles and databases. Several may do this at once.
    """
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute("select pg_advisory_lock(7411000)")
        await create_roles(connection, app_password=app_password)
        if not await connection.fetchval("select exists (select from pg_database where datname = $1)", name):
            quoted = await connection.fetchval("select quote_ident($1)", name)
            await connection.execute(f"create database {quoted} owner askpro_owner")
    finally:
        await connection.close()
    return await migrate(with_database(admin_dsn, name), extra_apps=extra_apps)
