"""The verbs of the three switches and of settings. Each opens its own unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from askpro import db
from askpro.errors import InvalidInput, NotFound
from askpro.pluginhost import switches
from askpro.pluginhost.host import Host
from askpro.pluginhost.records import PluginRecord
from askpro.sdk.context import TenantRef
from askpro.sdk.notices import Finding
from askpro.sdk.settings import SettingField, from_form, setting_fields, stored, validate

__all__ = (
    "FieldView",
    "PluginView",
    "check_settings",
    "disable",
    "enable",
    "hide",
    "merge_settings",
    "offer",
    "save_settings",
    "settings_form",
    "tenant_plugins",
)


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of the settings form. A secret has no ``value``; ``given`` says whether there is one."""

    field: SettingField
    value: Any
    given: bool


@dataclass(frozen=True, slots=True)
class PluginView:
    """A plugin as a tenant's staff sees it."""

    id: str
    title: str
    summary: str
    enabled: bool
    ready: bool
    capabilities: tuple[str, ...]


async def offer(host: Host, plugin: str, *, by: str, state: Literal["offered", "default"] = "offered") -> None:
    """Let resellers have a plugin, or give it to all of them. Raises NotFound when it is not installed."""
    _record(host, plugin)
    async with db.platform_unit(f"offer plugin {plugin}", actor=by):
        await switches.set_offer(plugin, state)


async def hide(host: Host, plugin: str, *, by: str) -> None:
    """Take a plugin back from everybody. Their settings stay; what it began can still be looked up."""
    del host
    async with db.platform_unit(f"hide plugin {plugin}", actor=by):
        await switches.set_offer(plugin, "hidden")


async def tenant_plugins(host: Host, tenant: TenantRef) -> list[PluginView]:
    """What is offered to a tenant, by title."""
    async with db.unit(tenant.id):
        offered = {name for name, state in (await switches.offers()).items() if state != "hidden"}
    switched = await host.run.switches(tenant)
    views = []
    for record in host.records.values():
        if record.id in offered and record.manifest is not None:
            manifest = record.manifest
            views.append(
                PluginView(
                    record.id, manifest.title, manifest.summary, record.id in switched.enabled, record.ready,
                    manifest.capabilities,
                )
            )  # fmt: skip
    return sorted(views, key=lambda view: view.title.casefold())


async def enable(host: Host, tenant: TenantRef, plugin: str, *, by: str) -> None:
    """Switch a plugin on for a tenant and tell it, in one unit.

    Raises NotFound (not installed, not ready or not offered), InvalidInput (its settings are not complete), and
    what the plugin itself objects; nothing is changed then.
    """
    record = _record(host, plugin)
    async with db.unit(tenant.id):
        if not record.ready or (await switches.offers()).get(plugin, "hidden") == "hidden":
            raise NotFound(f"{plugin} is not on offer", code="plugin_unknown")
        own = await switches.read_values(tenant.id, plugin)
        validate(record.given.settings, {**own, **host.contexts.platform_values(record)})
        await switches.set_enabled(tenant.id, plugin, True)
        await host.run.in_unit("on_enable", plugin, tenant, by)


async def disable(host: Host, tenant: TenantRef, plugin: str, *, by: str) -> None:
    """Switch a plugin off for a tenant and tell it. A plugin that is down, or fails, is switched off all the same."""
    record = host.records.get(plugin)
    async with db.unit(tenant.id):
        if record is not None and record.ready:
            await _tell_disabled(host, tenant, plugin, by)
        await switches.set_enabled(tenant.id, plugin, False)


async def _tell_disabled(host: Host, tenant: TenantRef, plugin: str, by: str) -> None:
    try:
        async with db.unit(tenant.id):  # a savepoint: what the plugin did before it failed is undone
            await host.run.in_unit("on_disable", plugin, tenant, by)
    except Exception:  # counted and shown by the host; the switch is the tenant's, not the plugin's
        return


async def settings_form(host: Host, tenant: TenantRef, plugin: str) -> list[FieldView]:
    """The form with the present values; secrets are never in it. Raises NotFound."""
    schema = _schema(_record(host, plugin))
    async with db.unit(tenant.id):
        own = await switches.read_values(tenant.id, plugin)
    views = []
    for item in setting_fields(schema):
        if item.level != "tenant":
            continue
        secret = item.kind == "secret"
        default = None if item.default is msgspec.NODEFAULT else item.default
        views.append(FieldView(item, None if secret else own.get(item.name, default), item.name in own))
    return views


async def save_settings(host: Host, tenant: TenantRef, plugin: str, values: Mapping[str, Any], *, by: str) -> int:
    """Check and store what a form sent; a secret left blank keeps its old value. Returns the new version.

    Saved one after the other, so that what a provider says meanwhile (``merge_settings``) is not lost.
    Raises NotFound, InvalidInput with the field.
    """
    del by  # the caller audits; a version is the plugin's concern
    record = _record(host, plugin)
    schema = _schema(record)
    async with db.unit(tenant.id):
        await _alone(tenant, plugin)
        old = await switches.read_values(tenant.id, plugin)
        own = from_form(schema, values, old)
        validate(schema, {**own, **host.contexts.platform_values(record)})
        plain, secret = stored(schema, own)
        return await switches.write_values(tenant.id, plugin, plain, secret)


async def merge_settings(
    host: Host, tenant: TenantRef, plugin: str, given: Mapping[str, str], *, by: str
) -> tuple[set[str], dict[str, str]]:
    """Put what a provider has said beside the tenant's present values, secrets among both.

    Returns the names that were saved, and what was not because only the operator's environment can hold it. Raises
    NotFound, InvalidInput (a name the schema does not know, or a value that does not fit).
    """
    levels = {item.name: item.level for item in setting_fields(_schema(_record(host, plugin)))}
    if strange := sorted(given.keys() - levels.keys()):
        raise InvalidInput(f"there is no setting {strange[0]!r}", code="setting_unknown", field=strange[0])
    own = {name: value for name, value in given.items() if levels[name] == "tenant"}
    if own:
        async with db.unit(tenant.id):
            await _alone(tenant, plugin)
            old = await switches.read_values(tenant.id, plugin)
            await save_settings(host, tenant, plugin, {**old, **own}, by=by)
    return set(own), {name: value for name, value in given.items() if name not in own}


async def check_settings(host: Host, tenant: TenantRef, plugin: str, *, locale: str = "en") -> list[Finding]:
    """Let the plugin try the saved settings out, in the reader's language.

    Raises NotFound; a failing check is a finding.
    """
    record = _record(host, plugin)
    switched = await host.run.switches(tenant)
    try:
        ctx = await host.contexts.for_tenant(record, tenant, switched.versions.get(plugin, 0), locale=locale)
    except InvalidInput as error:
        return [Finding("error", f"{error.field or ''}: {error.detail}".strip(": "))]
    try:
        found = await host.run.ask_one("check_settings", plugin, ctx)
    except NotFound:
        raise
    except Exception as error:
        return [Finding("error", str(error))]
    return [one for one in found or () if isinstance(one, Finding)]


async def _alone(tenant: TenantRef, plugin: str) -> None:
    """Whoever else changes these settings waits until this unit ends; there may be no row yet that could be locked."""
    await db.execute("select pg_advisory_xact_lock(7413, hashtext($1))", f"{tenant.id}:{plugin}")


def _record(host: Host, plugin: str) -> PluginRecord:
    record = host.records.get(plugin)
    if record is None or record.manifest is None:
        raise NotFound(f"no plugin {plugin!r} is installed", code="plugin_unknown")
    return record


def _schema(record: PluginRecord) -> type[msgspec.Struct]:
    return record.given.settings
