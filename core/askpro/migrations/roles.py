"""The database roles. Made once, by somebody who may create roles (`askpro db roles` prints the SQL).

``askpro_owner``     owns every table and runs migrations; nobody signs in as it.
``askpro_ledger``    owns the functions that write money; the only role that may insert a transfer.
``askpro_platform``  sees all tenants; the application takes it on inside ``db.platform_unit`` alone.
``askpro_app``       everything else. No superuser, no bypassrls, owner of nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = ("ROLES_SQL", "create_roles")

ROLES_SQL = """\
do $$
declare name text;
begin
  foreach name in array array['askpro_owner', 'askpro_ledger', 'askpro_platform'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I nologin', name);
    end if;
  end loop;
  if not exists (select from pg_roles where rolname = 'askpro_app') then
    create role askpro_app login nosuperuser nocreatedb nocreaterole nobypassrls;
  end if;
end $$;
grant askpro_platform to askpro_app with inherit false, set true;
grant askpro_ledger, askpro_platform to askpro_owner with inherit false, set true;
"""


async def create_roles(connection: Any, *, app_password: str) -> None:
    """Make the roles where they are missing and set the password ``askpro_app`` signs in with."""
    await connection.execute(ROLES_SQL)
    quoted = await connection.fetchval("select quote_literal($1::text)", app_password)
    await connection.execute(f"alter role askpro_app password {quoted}")
