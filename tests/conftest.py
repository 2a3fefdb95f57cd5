"""One embedded server a run, one template migrated once, one fresh database a test that asks for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from askpro import db, logs, secrets
from askpro.migrations.bootstrap import bootstrap, with_database
from askpro.postgres import LocalPostgres
from embedded import APP_PASSWORD

logs.configure()  # structlog's own way of showing an exception takes a second each
REFERENCE = Path(os.environ.get("ASKPRO_REFERENCE", Path(__file__).parents[1].parent / "shared" / "reference"))


_LONG = ("portals", "test_month_of_chaos", "test_wrong_tenant", "test_plugin_distribution", "test_staff_rooms")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first: a long file that begins last leaves all processors but one idle."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in _LONG))


@dataclass(frozen=True)
class Database:
    """Where a test's database is: ``dsn`` as the application, ``admin_dsn`` as the superuser."""

    dsn: str
    admin_dsn: str
    name: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of official reference data; tests that need it are skipped where it is missing."""
    if not REFERENCE.is_dir():
        pytest.skip("reference data is not on this machine (ASKPRO_REFERENCE)")
    return REFERENCE


def _memory() -> str | None:
    """A folder that lies in memory, if there is one with room: cloning a database there costs a tenth."""
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK | os.X_OK):
        return None
    return str(folder) if shutil.disk_usage(folder).free > 2 * 1024**3 else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """A running embedded server without durability: fast, and gone after the run.

    Not below pytest's own folder: that is closed to everybody else, and root's server runs as somebody else.
    """
    root = Path(tempfile.mkdtemp(prefix="askpro-test-", dir=_memory()))
    root.chmod(0o755)
    try:
        with LocalPostgres(root, durable=False) as server:
            yield server
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: LocalPostgres) -> str:
    """The name of a database with the schema in it, to be cloned."""
    name = "askpro_template"
    asyncio.run(bootstrap(postgres.dsn(), name, app_password=APP_PASSWORD))
    return name


@pytest.fixture
async def empty_database(postgres: LocalPostgres, template: str) -> AsyncIterator[Database]:
    """A fresh database with the schema and nothing else; no pool is open."""
    name = f"t_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(f"create database {name} template {template} strategy file_copy owner askpro_owner")
    try:
        yield Database(
            dsn=postgres.dsn(name, user="askpro_app", password=APP_PASSWORD),
            admin_dsn=with_database(postgres.dsn(), name),
            name=name,
        )
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@pytest.fixture
async def database(empty_database: Database) -> AsyncIterator[Database]:
    """``empty_database`` with the process's pool open on it, as the application's role."""
    secrets.configure(("test-key-test-key-test-key-test-key",))
    await db.start(empty_database.dsn, min_size=1, max_size=8)
    try:
        yield empty_database
    finally:
        await db.stop()
