"""Loads and calls plugins, and knows no domain.

    host = Host(HostConfig(...), Services(...), PgSwitchBoard())

The rest of the house imports from here: the host, its verbs (``service``) and its reports (``doctor``).
"""

from __future__ import annotations

from askpro.pluginhost.config import HostConfig, platform_settings
from askpro.pluginhost.host import Host, ScopeOf
from askpro.pluginhost.money import TenantProvider
from askpro.pluginhost.rates import GuardedRates
from askpro.pluginhost.records import PluginReport, Stage
from askpro.pluginhost.schema import migrate_plugins
from askpro.pluginhost.services import PageScope, Services
from askpro.pluginhost.store import open_store, read_applied
from askpro.pluginhost.switchboard import FixedSwitches, SwitchBoard, Switches
from askpro.pluginhost.switches import PgSwitchBoard

__all__ = (
    "FixedSwitches",
    "GuardedRates",
    "Host",
    "HostConfig",
    "PageScope",
    "PgSwitchBoard",
    "PluginReport",
    "ScopeOf",
    "Services",
    "Stage",
    "SwitchBoard",
    "Switches",
    "TenantProvider",
    "migrate_plugins",
    "open_store",
    "platform_settings",
    "read_applied",
)
