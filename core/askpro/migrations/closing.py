"""The last step of every run: functions that act with their owner's rights are called by name only.

A grant and ``revoke … from public`` have an effect only in the name of the function's owner; a migration that gives a
function away first changes nothing. So it is done here, for all that are still open: instead of everybody, the roles of
the application may call them. A function that not even they may call says so in its own migration, as its owner.
"""

from __future__ import annotations

from typing import Any

__all__ = ("close_to_public", "open_to_public")

_OPEN = """
select p.oid::regprocedure::text as signature, r.rolname::text as owner
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
 where p.prosecdef and r.rolname in ('askpro_owner', 'askpro_ledger', 'askpro_platform')
   and (p.proacl is null
        or exists (select from aclexplode(p.proacl) a where a.grantee = 0 and a.privilege_type = 'EXECUTE'))
 order by r.rolname, 1
"""


async def open_to_public(connection: Any) -> list[str]:
    """The functions with their owner's rights that anybody may call."""
    return [row["signature"] for row in await connection.fetch(_OPEN)]


async def close_to_public(connection: Any) -> None:
    """Leave them to the application's roles, inside the run's transaction; ``askpro_owner`` before and after."""
    for row in await connection.fetch(_OPEN):
        await connection.execute(f"set local role {row['owner']}")
        await connection.execute(f"grant execute on function {row['signature']} to askpro_app, askpro_platform")
        await connection.execute(f"revoke execute on function {row['signature']} from public")
    await connection.execute("set local role askpro_owner")
