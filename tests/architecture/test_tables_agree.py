"""Piccolo's tables and the migrated schema are the same thing said twice; this is what keeps them so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from piccolo.table import Table

from askpro.piccolo_conf import APP_REGISTRY

pytestmark = pytest.mark.anyio

ELSEWHERE = {
    "jobs.procrastinate_events": "procrastinate's own; only its functions touch it",
    "jobs.procrastinate_jobs": "as above",
    "jobs.procrastinate_periodic_defers": "as above",
    "jobs.procrastinate_workers": "as above",
    "public.migration": "Piccolo's own",
}
"""Tables without a Piccolo table of ours → why."""

_SCHEMA = """
select format('%s.%s', n.nspname, c.relname) as name, a.attname as column, not a.attnotnull as null,
       format_type(a.atttypid, a.atttypmod) as type
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
 where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
   and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
"""

Columns = dict[str, tuple[str, bool]]
"""Column → (type as PostgreSQL writes it, whether it may be null)."""


def _name(table: type[Table]) -> str:
    return f"{table._meta.schema or 'public'}.{table._meta.tablename}"


def _tables() -> list[type[Table]]:
    """All Piccolo tables of all the packages that have migrations."""
    return [table for config in APP_REGISTRY.app_configs.values() for table in config.table_classes]


@pytest.fixture
async def connection(empty_database: Any) -> AsyncIterator[Any]:
    opened = await asyncpg.connect(empty_database.admin_dsn)
    yield opened
    await opened.close()


async def _migrated(connection: Any) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for row in await connection.fetch(_SCHEMA):
        found.setdefault(row["name"], {})[row["column"]] = (row["type"], row["null"])
    return found


async def _declared(connection: Any, table: type[Table]) -> Columns:
    found: Columns = {}
    for column in table._meta.columns:
        kind = await connection.fetchval("select format_type(to_regtype($1), to_regtypemod($1))", column.column_type)
        found[column._meta.db_column_name] = (kind, column._meta.null)
    return found


def _difference(table: type[Table], said: Columns, there: Columns) -> list[str]:
    name = _name(table)
    faults = [f"{name}.{column} is not in the schema" for column in said.keys() - there.keys()]
    faults += [f"{name}.{column} is not in tables.py" for column in there.keys() - said.keys()]
    for column in said.keys() & there.keys():
        for what, ours, theirs in zip(("type", "null"), said[column], there[column], strict=True):
            if ours != theirs:
                faults.append(f"{name}.{column}: {what} is {ours} in tables.py and {theirs} in the schema")
    return sorted(faults)


async def test_columns_agree(connection: Any) -> None:
    """Every Piccolo table has exactly the columns, types and nullability that the migrations made."""
    schema = await _migrated(connection)
    faults = []
    for table in _tables():
        faults += _difference(table, await _declared(connection, table), schema.get(_name(table), {}))

    assert faults == []


async def test_every_table_is_declared(connection: Any) -> None:
    """A table in the schema is in one tables.py, once, or has a reason."""
    names = [_name(table) for table in _tables()]

    assert sorted(names) == sorted((await _migrated(connection)).keys() - ELSEWHERE.keys())


async def test_a_difference_is_found(connection: Any) -> None:
    """A changed type, a changed nullability, a missing and a surplus column are each named."""
    table = next(one for one in _tables() if _name(one) == "tenancy.tenant")
    await connection.execute(
        "alter table tenancy.tenant alter column seller type varchar(20), alter column locale drop not null,"
        " drop column country, add column moon int"
    )
    schema = await _migrated(connection)

    assert _difference(table, await _declared(connection, table), schema["tenancy.tenant"]) == [
        "tenancy.tenant.country is not in the schema",
        "tenancy.tenant.locale: null is False in tables.py and True in the schema",
        "tenancy.tenant.moon is not in tables.py",
        "tenancy.tenant.seller: type is text in tables.py and character varying(20) in the schema",
    ]
