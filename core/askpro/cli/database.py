"""``askpro migrate`` and ``askpro db``: what a release and an operator do to the database itself."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from askpro import db
from askpro.errors import Misconfigured
from askpro.migrations import ROLES_SQL, migrate, pending
from askpro.pluginhost import Host, HostConfig, migrate_plugins
from askpro.pluginhost.schema import applied, behind

__all__ = ("db_group", "migrate_command")

_ROLES = ("askpro_app", "askpro_ledger", "askpro_owner", "askpro_platform")

_DATABASE_SQL = """\
-- Once on the server, as somebody who may create roles and databases:
--   askpro db roles | psql -v ON_ERROR_STOP=1 -v app_password=… "$ADMIN_URL"
{roles}alter role askpro_app password :'app_password';
-- Signs in for `askpro migrate` and for nothing else; its password is set with \\password.
select 'create role {migrator} login nosuperuser' where not exists (select from pg_roles where rolname = '{migrator}')
\\gexec
grant askpro_owner to {migrator} with inherit false, set true;
select 'create database {database} owner askpro_owner template template0 encoding utf8 '
       'locale_provider builtin builtin_locale ''C.UTF-8'''
 where not exists (select from pg_database where datname = '{database}')
\\gexec
revoke all on database {database} from public;
grant connect on database {database} to askpro_app, {migrator};
"""


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date: one step of a release, before the new version starts.

    Reads ASKPRO_MIGRATE_URL. Safe to start several times at once: each migration runs once, the core's in one
    transaction, each plugin's in another. Exit code 1 when a plugin's migration failed (it left nothing behind).
    """
    url = _required("ASKPRO_MIGRATE_URL")
    ran, plugins = asyncio.run(_migrate(url))
    for name in ran:
        click.echo(f"ran      {name}")
    if not ran:
        click.echo("current  core")
    for plugin, said in plugins.items():
        click.secho(f"{'plugin':<8} {plugin}: {said or 'current'}", fg="red" if said.startswith("failed") else None)
    if any(said.startswith("failed") for said in plugins.values()):
        sys.exit(1)


async def _migrate(url: str) -> tuple[list[str], dict[str, str]]:
    ran = await migrate(url)
    return ran, await migrate_plugins(url, _host().migrations())


def _host() -> Host:
    """The installed plugins, registered so that their migrations are known; they are not started."""
    names = os.environ.get("ASKPRO_PLUGINS")
    host = Host(
        HostConfig(
            only=None if names is None else tuple(name.strip() for name in names.split(",") if name.strip()),
            production=os.environ.get("ASKPRO_ENVIRONMENT") == "production",
        )
    )
    host.load()
    return host


@click.group("db")
def db_group() -> None:
    """Roles and state of the database."""


@db_group.command("roles")
@click.option("--database", default="askpro", show_default=True, help="Name of the database.")
@click.option("--migrator", default="askpro_migrator", show_default=True, help="Role that runs migrations.")
def roles_command(database: str, migrator: str) -> None:
    """Print the SQL that makes the roles and the database, for psql. It changes nothing that is there."""
    for name in (database, migrator):
        if not name.isidentifier() or name != name.lower():
            raise click.BadParameter(f"{name!r} must be a plain lower-case name")
    click.echo(_DATABASE_SQL.format(roles=ROLES_SQL, database=database, migrator=migrator), nl=False)


@db_group.command("status")
def status_command() -> None:
    """Say what server this is and what it lacks: migrations, roles. Reads ASKPRO_MIGRATE_URL; exit code 1 if so."""
    sys.exit(asyncio.run(_status(_required("ASKPRO_MIGRATE_URL"))))


async def _status(url: str) -> int:
    await db.start(url, max_size=1)
    try:
        async with db.shared_unit():
            where = await db.fetchrow("select split_part(version(), ' ', 2), current_database(), session_user")
            missing = await _missing()
    finally:
        await db.stop()
    click.echo("PostgreSQL {}, database {}, signed in as {}".format(*where))
    for one in missing:
        click.secho(f"missing  {one}", fg="yellow")
    if not missing:
        click.echo("roles and schema are current")
    return 1 if missing else 0


async def _missing() -> list[str]:
    """What keeps this version from running on the open database, a line each. Needs an open unit."""
    roles = {row["rolname"]: row for row in await db.fetch("select * from pg_roles where rolname like 'askpro_%'")}
    found = [f"role {name}: askpro db roles" for name in _ROLES if name not in roles]
    if (app := roles.get("askpro_app")) and (app["rolsuper"] or app["rolbypassrls"]):
        found.append("askpro_app must not be a superuser nor pass row-level security by")
    if found:
        return found
    await db.execute("set local role askpro_owner")
    if await db.fetchval("select to_regclass('public.migration') is null"):
        return ["every migration: askpro migrate"]
    found += [f"migration {name}: askpro migrate" for name in await pending()]
    for wanted in _host().migrations():
        if problem := behind(wanted, await applied(db, wanted[0].schema)):
            found.append(f"plugin {wanted[0].plugin}: {problem}")
    return found


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set.")
    return value
