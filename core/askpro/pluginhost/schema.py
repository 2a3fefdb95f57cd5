"""Plugins' own tables: ``NNN_name.sql`` in the manifest's folder, run in order into the schema ``plug_<id>``.

Each plugin runs in a savepoint of its own, so one that fails leaves nothing behind and stops nobody else.
What ran is written down with a checksum in ``plug_<id>.migration``. After the SQL the host does what no author
should have to remember: row-level security on every table with a ``tenant_id``, and grants. It refuses a
tenant table whose primary key does not begin with the tenant, and a foreign key that leaves the schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from askpro.errors import Misconfigured
from askpro.pluginhost.records import PluginRecord, Quarantined

__all__ = ("PluginMigration", "applied", "behind", "migrate_plugins", "migrations_of")

_LOCK = 7_411_002  # beside the core's own lock


@dataclass(frozen=True, slots=True)
class PluginMigration:
    """One SQL file of a plugin."""

    plugin: str
    schema: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return sha256(self.sql.encode()).hexdigest()


def migrations_of(record: PluginRecord) -> tuple[PluginMigration, ...]:
    """The plugin's migrations, ascending. Raises Quarantined when their names make no sense."""
    manifest = record.known()
    if manifest.migrations is None or record.folder is None:
        return ()
    folder = record.folder / manifest.migrations
    found = [_read(manifest.id, manifest.schema, file) for file in sorted(folder.glob("*.sql"))]
    if [one.number for one in found] != list(range(1, len(found) + 1)) or not found:
        raise Quarantined(f"the migrations in {manifest.migrations}/ are not numbered 001, 002, …")
    return tuple(found)


def _read(plugin: str, schema: str, file: Path) -> PluginMigration:
    named = re.fullmatch(r"(\d{3})_([a-z0-9_]+)", file.stem)
    if named is None:
        raise Quarantined(f"{file.name} is not named like 001_first.sql")
    sql = file.read_text("utf-8")
    if re.search(r"(?i)\b(commit|rollback|end)\s+(work|transaction)|\b(commit|rollback)\s*;", sql):
        raise Quarantined(f"{file.name} ends the transaction, which is the host's to end")
    return PluginMigration(plugin, schema, int(named[1]), named[2], sql)


def behind(wanted: Sequence[PluginMigration], ran: Mapping[int, str]) -> str:
    """What is wrong with the schema, for people; empty when all is well."""
    for migration in wanted:
        checksum = ran.get(migration.number)
        if checksum is None:
            return f"migration {migration.number:03} has not run: `askpro migrate`"
        if checksum != migration.checksum:
            return f"migration {migration.number:03} was changed after it ran"
    if len(ran) > len(wanted):
        return "its tables are newer than its code"
    return ""


async def applied(connection: Any, schema: str) -> dict[int, str]:
    """Number → checksum of what ran. ``connection`` has ``fetchval`` and ``fetch`` (``askpro.db`` has)."""
    if await connection.fetchval("select to_regclass($1)", f"{schema}.migration") is None:
        return {}
    rows = await connection.fetch(f"select number, checksum from {schema}.migration")  # noqa: S608 - a checked id
    return {row["number"]: row["checksum"] for row in rows}


async def migrate_plugins(dsn: str, plugins: Sequence[Sequence[PluginMigration]]) -> dict[str, str]:
    """Run what is missing; returns plugin → what happened, an empty string where nothing had to.

    ``dsn`` is that of ``askpro.migrations.migrate``, which runs first. Raises Misconfigured when there is no
    database; a plugin that fails is reported as ``"failed: …"`` and has left nothing behind.
    """
    try:
        connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError) as error:
        raise Misconfigured(f"ASKPRO_MIGRATE_URL: {error}") from error
    said: dict[str, str] = {}
    try:
        async with connection.transaction():
            await connection.execute("set local lock_timeout = '60s'")
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute("set local role askpro_owner")
            for wanted in plugins:
                if wanted:
                    said[wanted[0].plugin] = await _one(connection, wanted)
    finally:
        await connection.close()
    return said


async def _one(connection: Any, wanted: Sequence[PluginMigration]) -> str:
    schema, done = wanted[0].schema, []
    try:
        async with connection.transaction():
            ran = await applied(connection, schema)
            if not ran:
                await connection.execute(_FIRST.format(schema=schema))
            for migration in wanted:
                if migration.number in ran:
                    continue
                await connection.execute(migration.sql)
                await connection.execute("set local role askpro_owner; set local search_path to default")
                await connection.execute(
                    f"insert into {schema}.migration (number, name, checksum) values ($1, $2, $3)",  # noqa: S608 - as above
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
                done.append(f"{migration.number:03}")
            if done:
                await _protect(connection, schema)
            problem = behind(wanted, await applied(connection, schema))
            if problem:
                raise Misconfigured(problem)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, Misconfigured) as error:
        return f"failed: {str(error).splitlines()[0]}"
    return f"ran {', '.join(done)}" if done else ""


async def _protect(connection: Any, schema: str) -> None:
    for row in await connection.fetch(_TABLES, schema):
        table = f"{schema}.{row['name']}"
        if row["name"] == "migration":
            continue
        if row["strays"]:
            raise Misconfigured(f"{table} has a foreign key to a table that is not the plugin's")
        if not row["tenant"]:
            await connection.execute(f"grant select, insert, update, delete on {table} to askpro_app, askpro_platform")
        elif not row["leads"]:
            raise Misconfigured(f"the primary key of {table} does not begin with tenant_id")
        elif not row["protected"]:
            await connection.execute("select tenancy.protect($1::text::regclass)", table)


_FIRST = """
create schema if not exists {schema};
grant usage on schema {schema} to askpro_app, askpro_platform;
create table {schema}.migration (
  number      int primary key,
  name        text not null,
  checksum    text not null,
  applied_at  timestamptz not null default now()
);
grant select on {schema}.migration to askpro_app, askpro_platform;
"""

_TABLES = """
select quote_ident(c.relname) as name,
       t.attnum is not null as tenant,
       c.relrowsecurity and c.relforcerowsecurity as protected,
       exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and k.conkey[1] = t.attnum)
         as leads,
       exists (select from pg_constraint k join pg_class f on f.oid = k.confrelid
               where k.conrelid = c.oid and k.contype = 'f' and f.relnamespace <> c.relnamespace) as strays
from pg_class c
left join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
where c.relnamespace = $1::text::regnamespace and c.relkind in ('r', 'p')
order by c.relname
"""
