"""A database with the plugins' tables in it, and hosts on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dummy_house import Inbox, make_host

from askpro import db
from askpro.pluginhost import Host, PgSwitchBoard, Services, migrate_plugins, open_store, read_applied
from askpro.sdk import TenantRef

collect_ignore_glob = ["dist_*"]
"""Distributions with tests of their own, run where they are installed (test_plugin_distribution.py)."""


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def house(database: Any, inbox: Inbox) -> Callable[..., Any]:
    """Makes started hosts on PostgreSQL; plugins given by name are migrated, offered and (if said) enabled."""

    async def make(
        *names: str, enabled: tuple[TenantRef, ...] = (), services: dict[str, Any] | None = None, **config: Any
    ) -> Host:
        given = Services(**{"store": open_store, "applied": read_applied, "emit_event": inbox.take, **(services or {})})
        host = make_host(*names, board=PgSwitchBoard(), services=given, **config)
        said = await migrate_plugins(database.admin_dsn, host.migrations())
        assert [text for text in said.values() if text.startswith("failed")] == []
        await host.start()
        async with db.platform_unit("test"):
            for name in names:
                await db.execute(
                    "insert into plugins.offer (plugin_id, state) values ($1, 'offered') on conflict do nothing", name
                )
        for tenant in enabled:
            for name in names:
                async with db.unit(tenant.id):
                    await db.execute(
                        "insert into plugins.tenant_plugin (tenant_id, plugin_id, enabled) values ($1, $2, true)",
                        tenant.id,
                        name,
                    )
        return host

    return make
