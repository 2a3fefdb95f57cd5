"""Plugins' own tables: run once, by savepoint, protected by the host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from dummy_house import FALKE, NORTH, make_host

from askpro import db
from askpro.ids import new_id
from askpro.pluginhost import PgSwitchBoard, Services, migrate_plugins, read_applied
from askpro.pluginhost.schema import migrations_of

pytestmark = pytest.mark.anyio

House = Callable[..., Any]


async def test_each_plugin_runs_in_its_own_savepoint(database: Any) -> None:
    """Broken SQL, a stray foreign key and a key without the tenant fail alone and leave no schema behind."""
    host = make_host("badsql", "stray", "tables", "unled")
    said = await migrate_plugins(database.admin_dsn, host.migrations())
    assert "syntax error" in said["badsql"]
    assert "foreign key to a table that is not the plugin's" in said["stray"]
    assert "does not begin with tenant_id" in said["unled"]
    assert said["tables"] == "ran 001, 002"
    async with db.shared_unit():
        rows = await db.fetch("select nspname from pg_namespace where nspname like 'plug\\_%'")
    assert [row["nspname"] for row in rows] == ["plug_tables"]


async def test_migrations_run_once(database: Any) -> None:
    """A second run finds nothing to do."""
    host = make_host("tables")
    await migrate_plugins(database.admin_dsn, host.migrations())
    assert await migrate_plugins(database.admin_dsn, host.migrations()) == {"tables": ""}


async def test_a_plugin_that_is_behind_is_quarantined(database: Any) -> None:
    """Quarantined before `askpro migrate`, ready when started again after it."""
    host = make_host("tables", board=PgSwitchBoard(), services=Services(applied=read_applied))
    await host.start()
    assert "migration 001 has not run" in host.report()[0].reason
    assert host.report()[0].schema_state == "not current"
    await migrate_plugins(database.admin_dsn, host.migrations())
    await host.start()
    assert host.report()[0].ready
    assert host.report()[0].schema_state == "current"


async def test_a_changed_migration_is_noticed(database: Any) -> None:
    """A migration that was edited after it ran quarantines its plugin and runs nothing."""
    host = make_host("tables", services=Services(applied=read_applied))
    await migrate_plugins(database.admin_dsn, host.migrations())
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute("update plug_tables.migration set checksum = 'x' where number = 1")
    await admin.close()
    await host.start()
    assert "migration 001 was changed after it ran" in host.report()[0].reason
    assert "was changed" in (await migrate_plugins(database.admin_dsn, host.migrations()))["tables"]


async def test_tenant_tables_are_protected(house: House) -> None:
    """Without a word in the plugin's SQL: a tenant sees and changes its own rows only."""
    host = await house("tables", enabled=(NORTH, FALKE))
    record = host.records["tables"]
    for tenant in (NORTH, FALKE):
        ctx = await host.contexts.for_tenant(record, tenant, 0)
        async with ctx.store.unit() as unit:
            await unit.execute(
                "insert into plug_tables.note (tenant_id, id, text) values ($1, $2, 'x')", tenant.id, new_id()
            )
    async with ctx.store.unit() as unit:
        assert await unit.fetchval("select count(*) from plug_tables.note") == 1
        assert await unit.execute("update plug_tables.note set text = 'y'") == "UPDATE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with ctx.store.unit() as unit:
            await unit.execute(
                "insert into plug_tables.note (tenant_id, id, text) values ($1, $2, 'x')", NORTH.id, new_id()
            )


async def test_the_store_rolls_back(house: House) -> None:
    """An exception in the block undoes it."""
    host = await house("tables")
    ctx = host.contexts.for_platform(host.records["tables"])

    async def fail() -> None:
        async with ctx.store.unit() as unit:
            await unit.executemany("insert into plug_tables.word values ($1)", [("a",), ("b",)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with ctx.store.unit() as unit:
        assert await unit.fetch("select * from plug_tables.word") == []


@pytest.mark.parametrize("name", ["sandbox", "ecb", "tables"])
async def test_migrations_are_read_in_order(name: str) -> None:
    """Numbers ascend from 001, and the file's text is what is run."""
    record = make_host(name).records[name]
    found = migrations_of(record)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert found[0].sql == (Path(str(record.folder)) / "migrations" / f"001_{found[0].name}.sql").read_text("utf-8")
