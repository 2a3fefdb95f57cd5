"""Your plugin in a house of its own: installed, migrated and started as in the real one, on PostgreSQL.

    @pytest.fixture(scope="session")
    def house() -> Iterator[PluginHouse]:
        with plugin_house("myplugin") as made:
            yield made

    @pytest.fixture
    async def bench(house: PluginHouse) -> AsyncIterator[Bench]:
        async with house.open(transport=httpx.MockTransport(service.answer)) as rooms:
            ctx = await rooms.context(tenant_ref("nordstern"), {"api_key": "…"})
            yield MyBench(rooms.provider("myprovider"), ctx, …)

A context from here has the means that the manifest asks for and no others, and its tables row-level security.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from askpro import db
from askpro.errors import Misconfigured, NotFound
from askpro.migrations.bootstrap import bootstrap, with_database
from askpro.pluginhost import Host, HostConfig, Services, migrate_plugins, open_store, read_applied
from askpro.postgres import LocalPostgres
from askpro.sdk.context import Context, TenantRef
from askpro.sdk.providers import PaymentProvider

__all__ = ("PluginHouse", "Rooms", "plugin_house")

_DATABASE = "house"


class Rooms:
    """A started host with one plugin in it."""

    def __init__(self, host: Host, plugin: str) -> None:
        self.host, self._record = host, host.records[plugin]

    async def context(self, tenant: TenantRef, settings: Mapping[str, Any]) -> Context:
        """A context of that tenant; secrets as plain text. Raises InvalidInput for settings that do not fit."""
        return await self.host.contexts.with_values(self._record, tenant, settings)

    def provider(self, key: str) -> PaymentProvider:
        """The plugin's own object, unguarded: what it raises is raised. Raises NotFound."""
        for one in self._record.given.providers:
            if one.key == key:
                return one
        raise NotFound(f"the plugin gives no provider {key!r}")


class PluginHouse:
    """A database with the plugin's tables in it."""

    def __init__(self, plugin: str, dsn: str) -> None:
        self._plugin, self._dsn = plugin, dsn

    @asynccontextmanager
    async def open(
        self, *, transport: httpx.AsyncBaseTransport | None = None, platform: Mapping[str, str] | None = None
    ) -> AsyncIterator[Rooms]:
        """Start the plugin. ``transport`` answers its HTTP, ``platform`` are the operator's settings for it.

        Raises Misconfigured with the reason when the host would quarantine it.
        """
        host = _loaded(self._plugin, transport, platform or {})
        await db.start(self._dsn, min_size=0, max_size=4)
        try:
            await host.start()
            yield Rooms(host, self._plugin)
        finally:
            await db.stop()


@contextmanager
def plugin_house(plugin: str) -> Iterator[PluginHouse]:
    """Make a throw-away server with the core's and the plugin's tables, for an installed plugin's id.

    Outside of any event loop. Raises Misconfigured when the plugin is not installed or cannot be loaded or migrated.
    """
    wanted = _loaded(plugin, None, {}).migrations()
    root = Path(tempfile.mkdtemp(prefix="askpro-house-"))
    root.chmod(0o755)  # made by root, the server runs as somebody else
    password = secrets.token_urlsafe(16)
    try:
        with LocalPostgres(root, durable=False) as server:
            asyncio.run(bootstrap(server.dsn(), _DATABASE, app_password=password))
            said = asyncio.run(migrate_plugins(with_database(server.dsn(), _DATABASE), wanted))
            if failed := [text for text in said.values() if text.startswith("failed")]:
                raise Misconfigured(f"{plugin}: {failed[0]}")
            yield PluginHouse(plugin, server.dsn(_DATABASE, user="askpro_app", password=password))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _loaded(plugin: str, transport: httpx.AsyncBaseTransport | None, platform: Mapping[str, str]) -> Host:
    config = HostConfig(only=(plugin,), strict=True, settings={plugin: platform})
    host = Host(config, Services(store=open_store, applied=read_applied, transport=transport))
    host.load()
    return host
