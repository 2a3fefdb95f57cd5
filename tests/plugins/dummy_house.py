"""Hosts with dummy plugins, made for one test each."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from uuid import UUID

from askpro.pluginhost import Host, HostConfig, Services
from askpro.pluginhost.switchboard import FixedSwitches, SwitchBoard
from askpro.sdk import ProviderEvent, TenantRef
from askpro.testing import tenant_ref

sys.path.insert(0, str(Path(__file__).parent / "dummies"))

NORTH = tenant_ref("nordstern")
FALKE = tenant_ref("falke")
QUICK = HostConfig(
    start_deadline=2.0, deadline=0.3, money_deadline=0.3, breaker_failures=3, breaker_window=60, breaker_cooldown=60
)


def point(name: str) -> EntryPoint:
    """The entry point by which an installation would announce the plugin."""
    package = f"askpro_{name}" if name in ("sandbox", "ecb", "stripe", "banktransfer", "sepa") else f"dummy_{name}"
    return EntryPoint(name, f"{package}:plugin", "askpro.plugins")


def on(*plugins: str, tenants: tuple[TenantRef, ...] = (NORTH,), **values: Any) -> FixedSwitches:
    """A switch board on which these plugins are enabled."""
    settings = {(tenant.id, plugin): given for plugin, given in values.items() for tenant in tenants}
    return FixedSwitches({tenant.id: frozenset(plugins) for tenant in tenants}, settings)


def make_host(*names: str, board: SwitchBoard | None = None, services: Services | None = None, **config: Any) -> Host:
    """A loaded host with these plugins installed."""
    host = Host(replace(QUICK, **config), services, board, entry_points=[point(name) for name in names])
    host.load()
    return host


def reasons(host: Host) -> dict[str, str]:
    """Plugin → why it is quarantined."""
    return {one.id: one.reason for one in host.report() if one.reason}


class Inbox:
    """Where events of providers arrive."""

    def __init__(self) -> None:
        self.events: list[tuple[str, UUID, ProviderEvent]] = []

    async def take(self, plugin: str, tenant: TenantRef, event: ProviderEvent) -> None:
        self.events.append((plugin, tenant.id, event))
