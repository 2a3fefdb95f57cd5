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

__all__ = ("db_group", "migrate_command")

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
    """Say what server this is, as whom we sign in, and which migrations are missing (exit code 1)."""
    sys.exit(asyncio.run(_status(_required("ASKPRO_DATABASE_URL"))))


async def _status(url: str) -> int:
    await db.start(url, max_size=1)
    try:
        async with db.shared_unit():
            row = await db.fetchrow(
                "select split_part(version(), ' ', 2) as server, current_database() as name, rolname as role,"
                " rolsuper or rolbypassrls as unsafe, to_regclass('public.migration') is null as bare"
                " from pg_roles where rolname = session_user"
            )
            missing = ["everything"] if row["bare"] else await pending()
    finally:
        await db.stop()
    click.echo(f"PostgreSQL {row['server']}, database {row['name']}, role {row['role']}")
    if row["unsafe"]:
        click.secho("this role sees every tenant: row-level security does not hold for it", fg="red")
    for name in missing:
        click.secho(f"missing  {name}", fg="yellow")
    click.echo("run askpro migrate" if missing else "schema is current")
    return 1 if row["unsafe"] or missing else 0


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set.")
    return value
