"""``askpro serve`` as a process of its own, on a database with two resellers in it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from askpro.app import create_app
from askpro.migrations.bootstrap import with_database
from askpro.people import keys
from askpro.postgres import LocalPostgres
from askpro.tenancy.service import update_tenant
from web_site import OPERATOR, SECRET, Site, event, populate, running, settings_for

__all__ = ("Served", "served")


@dataclass(frozen=True)
class Served:
    """A running server and keys for it, more than one because each has its limit."""

    url: str
    keys: tuple[str, ...]


_KEYS = 12


async def _filled(dsn: str) -> tuple[tuple[str, ...], str]:
    """Keys of a reseller with no limit that matters here, and the id of a customer with a booked call."""

    @dataclass
    class Where:
        dsn: str

    app = create_app(settings_for(Where(dsn)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        site = Site(app, stack)
        await populate(site)
        api = await site.client("nord")
        await api.post("/api/v2/usage", json={"events": [event("a")]})
        nord = site.tenants["nord"]
        await update_tenant(nord.id, settings=replace(nord.settings, api_per_minute=1_000_000), by=OPERATOR)
        made = [(await keys.create(nord.id, f"full {n}", ["*"], by=OPERATOR))[0] for n in range(_KEYS)]
        return tuple(made), str(site.customers["nord/C-1"].id)


@pytest.fixture(scope="module")
def served(postgres: LocalPostgres, template: str) -> Iterator[Served]:
    """``askpro serve`` with two workers on a database of its own."""
    name = f"t_{uuid4().hex[:12]}"

    async def admin(sql: str) -> None:
        connection = await asyncpg.connect(with_database(postgres.dsn(), "postgres"))
        await connection.execute(sql)
        await connection.close()

    asyncio.run(admin(f"create database {name} template {template} strategy file_copy owner askpro_owner"))
    dsn = postgres.dsn(name, user="askpro_app", password="app-test-password")
    made, _ = asyncio.run(_filled(dsn))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")},
        "ASKPRO_DATABASE_URL": dsn,
        "ASKPRO_SECRET_KEY": SECRET[0],
        "ASKPRO_PLUGINS": "",
        "ASKPRO_PORT": str(port),
        "ASKPRO_POOL_MAX": "4",
        "ASKPRO_WORKERS": "2",
        "ASKPRO_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    program = [sys.executable, "-c", "from askpro.cli import main; main()", "serve"]
    server = subprocess.Popen(program, env=environment, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server)
        yield Served(url, made)
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0, "the server did not stop in order"
        asyncio.run(admin(f"drop database {name} with (force)"))


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not become ready")
