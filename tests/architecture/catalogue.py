"""Questions to PostgreSQL's catalogue; each answers with faults, so an empty list is a sound schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = (
    "careless_functions",
    "foreign_keys",
    "keys",
    "open_policies",
    "owned_by",
    "powers",
    "sequences",
    "unprotected",
    "unsorted",
    "writes",
)

_OURS = "n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'"
_NAME = "format('%s.%s', n.nspname, c.relname)"
_TABLES = f"""
with tables as (
  select c.oid, n.nspname as schema, {_NAME} as name, c.relispartition as part, c.relrowsecurity, c.relforcerowsecurity,
         a.attnum as tenant
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attname = $1 and not a.attisdropped
   where c.relkind in ('r', 'p') and {_OURS}
)"""


async def _rows(connection: Any, sql: str, *args: Any) -> list[str]:
    return [row[0] for row in await connection.fetch(sql, *args)]


async def unsorted(connection: Any, shared: Collection[str], by_id: Collection[str]) -> list[str]:
    """Tables that have no ``tenant_id`` and are not listed, and listed ones that are gone or have one."""
    found = await connection.fetch(f"{_TABLES} select name, tenant is not null as tenant from tables", "tenant_id")
    there = {row["name"]: row["tenant"] for row in found}
    listed = {*shared, *by_id}
    faults = [f"{name} has no tenant_id" for name, tenant in there.items() if not tenant and name not in listed]
    return sorted(faults + [f"{name} is listed without need" for name in listed if there.get(name, True)])


async def unprotected(connection: Any, by_id: Collection[str]) -> list[str]:
    """Tables with tenant data and without enabled and forced row-level security, or without a tenant's policy."""
    return await _rows(
        connection,
        f"""{_TABLES}
        select name || case when not relrowsecurity or not relforcerowsecurity then ' lacks row-level security'
                            else ' has no policy for its tenant' end
          from tables t
         where (tenant is not null or name = any($2))
           and (not relrowsecurity or not relforcerowsecurity
                or not part and not exists (
                  select from pg_policies p where format('%s.%s', p.schemaname, p.tablename) = t.name
                     and 'askpro_app' = any(p.roles) and p.cmd = 'ALL' and p.permissive = 'PERMISSIVE'
                     and p.qual ~ '^\\((tenant_id|id) = tenancy\\.current_tenant\\(\\)\\)$'))
         order by 1""",
        "tenant_id",
        list(by_id),
    )


async def open_policies(connection: Any, allowed: Mapping[str, str]) -> list[str]:
    """Policies that show the application, or everybody, more than its own tenant's rows."""
    return await _rows(
        connection,
        """select format('%s.%s: %s', schemaname, tablename, policyname) from pg_policies
            where roles && '{public, askpro_app}'::name[]
              and not (qual ~ '^\\((tenant_id|id) = tenancy\\.current_tenant\\(\\)\\)$' and with_check is null)
              and format('%s.%s: %s', schemaname, tablename, policyname) <> all($1) order by 1""",
        list(allowed),
    )


async def keys(connection: Any, allowed: Mapping[str, str]) -> list[str]:
    """Primary and unique keys of tenants' tables that do not begin with ``tenant_id``; tables without a primary key."""
    wrong = await _rows(
        connection,
        f"""{_TABLES}
        select format('%s: %s', t.name, i.relname)
          from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
         where t.tenant is not null and x.indisunique and x.indkey[0] <> t.tenant
           and format('%s: %s', t.name, i.relname) <> all($2) order by 1""",
        "tenant_id",
        list(allowed),
    )
    return wrong + await _rows(
        connection,
        f"""{_TABLES} select name || ' has no primary key' from tables t
             where not exists (select from pg_index x where x.indrelid = t.oid and x.indisprimary) order by 1""",
        "tenant_id",
    )


async def foreign_keys(connection: Any, apart: Collection[str]) -> list[str]:
    """Foreign keys that could lead from one tenant to another, and any on the ledger. ``apart``: schemas not ours."""
    return await _rows(
        connection,
        f"""{_TABLES}
        select format('%s: %s', f.name, k.conname)
          from pg_constraint k join tables f on f.oid = k.conrelid join tables p on p.oid = k.confrelid
         where k.contype = 'f' and f.schema <> all($2)
           and (f.schema = 'ledger' or f.schema <> p.schema
                or f.tenant is null and p.tenant is not null
                or f.tenant is not null and p.tenant is not null
                   and not exists (select from unnest(k.conkey, k.confkey) as u(a, b)
                                    where u.a = f.tenant and u.b = p.tenant))
         order by 1""",
        "tenant_id",
        list(apart),
    )


async def sequences(connection: Any) -> list[str]:
    """Columns of tenants' tables that are filled by a sequence: ids are made by the application."""
    return await _rows(
        connection,
        f"""{_TABLES}
        select format('%s.%s', t.name, a.attname) from tables t join pg_attribute a on a.attrelid = t.oid
          left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
         where t.tenant is not null and a.attnum > 0
           and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like '%nextval%') order by 1""",
        "tenant_id",
    )


async def owned_by(connection: Any, role: str) -> list[str]:
    """What a role owns in this database or server."""
    return await _rows(
        connection,
        """select format('%s of type %s', s.objid, s.classid::regclass)
             from pg_shdepend s join pg_roles r on r.oid = s.refobjid
            where s.deptype = 'o' and r.rolname = $1
              and s.dbid in (0, (select oid from pg_database where datname = current_database()))""",
        role,
    )


async def powers(connection: Any, memberships: Collection[str]) -> list[str]:
    """Our roles that may do what none of them may, and memberships that are not listed."""
    mighty = await _rows(
        connection,
        """select rolname || ' may too much' from pg_roles where rolname like 'askpro\\_%'
              and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                   or rolcanlogin and rolname <> 'askpro_app') order by 1""",
    )
    member = await _rows(
        connection,
        """select m.rolname || ' is ' || g.rolname || case when a.inherit_option then ' at all times' else '' end
             from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
            where m.rolname like 'askpro\\_%' order by 1""",
    )
    return mighty + [one for one in member if one not in memberships]


async def writes(connection: Any, schema: str, role: str, allowed: Mapping[str, str]) -> list[str]:
    """Privileges beside SELECT that a role (or everybody) holds on a schema's tables, columns included."""
    return await _rows(
        connection,
        f"""{_TABLES}
        select format('%s may %s %s', $3::text, lower(p.privilege), t.name)
          from tables t, unnest('{{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}}'::text[]) as p(privilege)
         where t.schema = $2 and format('%s may %s %s', $3::text, lower(p.privilege), t.name) <> all($4)
           and (has_table_privilege($3, t.oid, p.privilege)
                or p.privilege in ('INSERT', 'UPDATE', 'REFERENCES')
                   and has_any_column_privilege($3, t.oid, p.privilege))
         order by 1""",
        "tenant_id",
        schema,
        role,
        list(allowed),
    )


async def careless_functions(connection: Any) -> list[str]:
    """Functions with their owner's rights and without a fixed search path, or owned by a superuser."""
    return await _rows(
        connection,
        f"""select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
              join pg_roles r on r.oid = p.proowner
             where {_OURS} and p.prosecdef
               and (r.rolsuper or not coalesce(p.proconfig::text ~ 'search_path=[^"]*pg_temp', false)) order by 1""",
    )
