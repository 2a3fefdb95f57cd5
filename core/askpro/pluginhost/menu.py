"""Plugins' pages that want to be found: what stands in a menu of the house."""

from __future__ import annotations

from dataclasses import dataclass

from askpro.pluginhost.host import Host
from askpro.sdk.context import TenantRef
from askpro.sdk.routes import Guard

__all__ = ("MenuEntry", "entries")


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of a plugin; ``title`` is in the reader's language."""

    plugin: str
    title: str
    url: str


async def entries(host: Host, tenant: TenantRef, guard: Guard, *, locale: str) -> list[MenuEntry]:
    """The pages behind ``guard`` that the tenant's enabled plugins want in the menu; by plugin, in their own order."""
    wanting = {
        record.id: found
        for record in host.records.values()
        if record.ready and (found := [one for one in record.given.routes if one.menu and one.guard is guard])
    }
    if not wanting:
        return []
    enabled = (await host.run.switches(tenant)).enabled
    return [
        MenuEntry(plugin, host.contexts.gettext(host.records[plugin], locale)(spec.menu), f"/x/{plugin}{spec.path}")
        for plugin, specs in sorted(wanting.items())
        if plugin in enabled
        for spec in specs
    ]
