"""Who may use which plugin with which settings: the question as the host asks it.

Three switches, one meaning each: *installed* (the operator put it there), *offered* (the platform lets
resellers have it, or gives it to all by ``default``), *enabled* (the reseller uses it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

__all__ = ("FixedSwitches", "SwitchBoard", "Switches")


@dataclass(frozen=True, slots=True)
class Switches:
    """What one tenant has switched on, and the version of its settings for each plugin."""

    enabled: frozenset[str]
    versions: Mapping[str, int] = field(default_factory=dict)
    """Rises with each save; 0 where nothing was ever saved. Settings are kept in memory by version."""


class SwitchBoard(Protocol):
    """Asked before every call for a tenant; so every node knows of a change at once."""

    async def switches(self, tenant_id: UUID) -> Switches:
        """One round trip."""
        ...

    async def settings(self, tenant_id: UUID, plugin_id: str) -> Mapping[str, Any]:
        """The tenant's own values, secrets unsealed. Asked only when the version is a new one."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSwitches:
    """A switch board without a database: for a command line and for the tests of plugin authors."""

    enabled: Mapping[UUID, frozenset[str]]
    values: Mapping[tuple[UUID, str], Mapping[str, Any]] = field(default_factory=dict)

    async def switches(self, tenant_id: UUID) -> Switches:
        """See SwitchBoard."""
        known = {plugin: 1 for whose, plugin in self.values if whose == tenant_id}
        return Switches(self.enabled.get(tenant_id, frozenset()), known)

    async def settings(self, tenant_id: UUID, plugin_id: str) -> Mapping[str, Any]:
        """See SwitchBoard."""
        return self.values.get((tenant_id, plugin_id), MappingProxyType({}))
