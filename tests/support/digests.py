"""What is in the database, table by table, asked as the superuser: nothing can be hidden from a digest."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import asyncpg

__all__ = ("CANARY", "difference", "everything", "ids_of", "of_tenant", "plant", "some_row", "tenant_tables")

CANARY = "kanarie"
"""Stands in every text of the other tenant's; whoever reads it aloud has seen what is not theirs."""

_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name,
       exists (select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as tenant
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1"""


async def tenant_tables(admin: Any) -> dict[str, str]:
    """Every table with tenants' rows → the column that says whose."""
    found = {row["name"]: "tenant_id" for row in await admin.fetch(_TABLES) if row["tenant"]}
    return found | {"tenancy.tenant": "id"}


async def of_tenant(admin: Any, tenant: UUID) -> dict[str, str]:
    """Table → digest of all the tenant's rows."""
    return {
        table: await admin.fetchval(
            f"select md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) from {table} t where {key} = $1",
            tenant,
        )
        for table, key in (await tenant_tables(admin)).items()
    }


async def everything(admin: Any, without: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Table → digest of all rows, ``without`` some columns (table → columns; no columns: without the table)."""
    found = {}
    for row in await admin.fetch(_TABLES):
        name = row["name"]
        if name in without and not without[name]:
            continue
        hidden = list(without.get(name, ()))
        found[name] = await admin.fetchval(
            "select md5(coalesce(string_agg(x, e'\\n' order by x), ''))"
            f" from (select (to_jsonb(t) - $1::text[])::text as x from {name} t) y",
            hidden,
        )
    return found


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Tables that are not as they were."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


async def ids_of(admin: Any, tenant: UUID, most: int = 3) -> dict[str, list[UUID]]:
    """Table → some of the tenant's ids, newest first."""
    found = {}
    for table, key in (await tenant_tables(admin)).items():
        if await admin.fetchval(
            "select exists (select from pg_attribute where attrelid = $1::regclass and attname = 'id')", table
        ):
            rows = await admin.fetch(f"select id from {table} where {key} = $1 order by id desc limit {most}", tenant)
            found[table] = [row["id"] for row in rows if isinstance(row["id"], UUID)]
    return {table: ids for table, ids in found.items() if ids}


async def plant(admin: Any, tenant: UUID, spare: Collection[str] = ()) -> int:
    """Put a canary into every text column of the tenant's rows that takes one; how many columns have one now.

    ``spare``: tables left as they are. Past triggers, because books can be read aloud too.
    """
    planted = 0
    await admin.execute("set session_replication_role = replica")
    try:
        for table, key in (await tenant_tables(admin)).items():
            if table in spare:
                continue
            columns = await admin.fetch(
                "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped"
                " and atttypid = 'text'::regtype and attgenerated = ''", table,
            )  # fmt: skip
            for column in columns:
                name = column["attname"]
                try:
                    async with admin.transaction():
                        tag = await admin.execute(
                            f"update {table} set {name} = '{CANARY}-' || substr(md5(random()::text), 1, 12)"
                            f" where {key} = $1",
                            tenant,
                        )
                except Exception as error:
                    if type(error).__name__ not in ("CheckViolationError", "InvalidTextRepresentationError"):
                        raise
                else:
                    planted += tag != "UPDATE 0"
    finally:
        await admin.execute("set session_replication_role = origin")
    return planted


_SAMPLES = {
    "int2": "1", "int4": "1", "int8": "1", "numeric": "1", "bool": "true", "bytea": "\\x00", "jsonb": "{}",
    "timestamptz": "2026-03-01T00:00:00Z", "date": "2026-03-01",
}  # fmt: skip


async def some_row(admin: Any, table: str, key: str, tenant: UUID) -> None:
    """Any row of the tenant's that the table's checks let in: for tables that nothing has filled yet.

    All its instants are set where that is possible, so that it is something of the past and nothing stands on it.
    Raises AssertionError where none could be thought of; then the table wants a row of its own in ``furnished``.
    """
    columns = await admin.fetch(
        "select a.attname, t.typname, a.attnotnull and not a.atthasdef as needed"
        " from pg_attribute a join pg_type t on t.oid = a.atttypid"
        " where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attidentity = ''"
        " and (a.attnotnull and not a.atthasdef or t.typname in ('timestamptz', 'date'))",
        table,
    )
    checks = [
        row[0]
        for row in await admin.fetch(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass", table
        )
    ]
    said: Exception | None = None
    await admin.execute("set session_replication_role = replica")
    try:
        for past, text, pick in product((True, False), ("x", "", str(uuid4())), range(3)):
            chosen = [(name, kind) for name, kind, needed in columns if needed or past]
            values = {name: _sample(name, kind, text, pick, checks) for name, kind in chosen} | {key: str(tenant)}
            kinds = [kind for _, kind in chosen]
            row = ", ".join(f"('{value}')::{kind}" for value, kind in zip(values.values(), kinds, strict=True))
            try:
                async with admin.transaction():
                    await admin.execute(f"insert into {table} ({', '.join(values)}) values ({row})")
                    return
            except asyncpg.IntegrityConstraintViolationError as error:
                said = error
    finally:
        await admin.execute("set session_replication_role = origin")
    raise AssertionError(f"put a row of each reseller into {table} ({said})")


def _sample(name: str, kind: str, text: str, pick: int, checks: Collection[str]) -> str:
    if name == "currency":
        return "EUR"
    for check in checks:
        if found := re.search(rf"\(+{name} = ANY \(+ARRAY\[([^]]*)", check):
            allowed = re.findall(r"'([^']*)'", found[1])
            if allowed:
                return str(allowed[min(pick, len(allowed) - 1)])
    if kind == "text":
        return text
    return str(uuid4()) if kind == "uuid" else "{}" if kind.startswith("_") else _SAMPLES[kind]
