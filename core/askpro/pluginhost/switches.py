"""The switch board on PostgreSQL: ``plugins.offer`` (the platform) and ``plugins.tenant_plugin`` (each tenant).

Settings lie in the open as JSON, secrets beside them as one sealed value bound to tenant and plugin. Every
write raises ``version``, and the version is read with the switches, so no node works with old settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from askpro import db, secrets
from askpro.pluginhost.switchboard import Switches

__all__ = ("PgSwitchBoard", "offers", "read_values", "set_enabled", "set_offer", "write_values")

_SWITCHES = """
select plugin_id, coalesce(t.version, 0) as version,
       coalesce(o.state, 'hidden') <> 'hidden' and coalesce(t.enabled, o.state = 'default') as enabled
from plugins.offer o
full join (select plugin_id, enabled, version from plugins.tenant_plugin where tenant_id = $1) t using (plugin_id)
"""


class PgSwitchBoard:
    """``SwitchBoard`` for the running application."""

    async def switches(self, tenant_id: UUID) -> Switches:
        """Hidden plugins are off for everybody; ``default`` ones are on until the tenant says no."""
        async with db.unit(tenant_id):
            rows = await db.fetch(_SWITCHES, tenant_id)
        versions = {row["plugin_id"]: row["version"] for row in rows}
        return Switches(frozenset(row["plugin_id"] for row in rows if row["enabled"]), versions)

    async def settings(self, tenant_id: UUID, plugin_id: str) -> Mapping[str, Any]:
        """Plain values and unsealed secrets. Raises Misconfigured when a secret does not open."""
        async with db.unit(tenant_id):
            return await read_values(tenant_id, plugin_id)


def _context(tenant_id: UUID, plugin_id: str) -> str:
    return f"plugin:{plugin_id}:{tenant_id}"


async def read_values(tenant_id: UUID, plugin_id: str) -> dict[str, Any]:
    """The tenant's own values, in the open unit."""
    row = await db.fetchrow(
        "select settings, secrets from plugins.tenant_plugin where tenant_id = $1 and plugin_id = $2",
        tenant_id,
        plugin_id,
    )
    if row is None:
        return {}
    values = dict(row["settings"])
    if row["secrets"] is not None:
        values.update(msgspec.json.decode(secrets.unseal(row["secrets"], context=_context(tenant_id, plugin_id))))
    return values


async def write_values(tenant_id: UUID, plugin_id: str, plain: Mapping[str, Any], secret: Mapping[str, Any]) -> int:
    """Replace the tenant's own values, in the open unit; returns the new version."""
    sealed = secrets.seal(msgspec.json.encode(secret), context=_context(tenant_id, plugin_id)) if secret else None
    version: int = await db.fetchval(
        "insert into plugins.tenant_plugin as t (tenant_id, plugin_id, enabled, settings, secrets)"
        " values ($1, $2, coalesce((select state = 'default' from plugins.offer where plugin_id = $2), false), $3, $4)"
        " on conflict (tenant_id, plugin_id) do update"
        " set settings = excluded.settings, secrets = excluded.secrets, version = t.version + 1, changed_at = now()"
        " returning version",
        tenant_id,
        plugin_id,
        dict(plain),
        sealed,
    )
    return version


async def set_enabled(tenant_id: UUID, plugin_id: str, enabled: bool) -> int:
    """Turn the tenant's switch, in the open unit; returns the new version."""
    version: int = await db.fetchval(
        "insert into plugins.tenant_plugin as t (tenant_id, plugin_id, enabled) values ($1, $2, $3)"
        " on conflict (tenant_id, plugin_id) do update"
        " set enabled = excluded.enabled, version = t.version + 1, changed_at = now() returning version",
        tenant_id,
        plugin_id,
        enabled,
    )
    return version


async def set_offer(plugin_id: str, state: str) -> None:
    """Turn the platform's switch, in an open platform unit."""
    await db.execute(
        "insert into plugins.offer (plugin_id, state) values ($1, $2)"
        " on conflict (plugin_id) do update set state = excluded.state, changed_at = now()",
        plugin_id,
        state,
    )


async def offers() -> dict[str, str]:
    """Plugin → ``offered``, ``default`` or ``hidden``, in any open unit. No row means hidden."""
    return {row["plugin_id"]: row["state"] for row in await db.fetch("select plugin_id, state from plugins.offer")}
