"""Making the context of a call: only what the manifest asks for is in it."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from askpro import i18n
from askpro.errors import InvalidInput
from askpro.pluginhost.config import HostConfig
from askpro.pluginhost.http import LimitedClient, allowed_hosts
from askpro.pluginhost.records import PluginRecord
from askpro.pluginhost.services import PageScope, Services
from askpro.pluginhost.switchboard import SwitchBoard
from askpro.sdk.context import Context, TenantRef
from askpro.sdk.routes import PageContext, Reply
from askpro.sdk.settings import setting_fields, validate

__all__ = ("Contexts",)

_SETTINGS_KEPT = 2000


class Contexts:
    """Contexts for the plugins of one host."""

    def __init__(self, config: HostConfig, services: Services, board: SwitchBoard | None) -> None:
        self._config, self._services, self._board = config, services, board
        self._kept: OrderedDict[tuple[UUID, str, int], msgspec.Struct] = OrderedDict()

    def platform_values(self, record: PluginRecord) -> dict[str, Any]:
        """The operator's settings for this plugin with their defaults. Raises InvalidInput for a wrong one."""
        given = self._config.settings.get(record.id, {})
        fields = {item.name: item for item in setting_fields(record.given.settings) if item.level == "platform"}
        for name in given:
            if name not in fields:
                raise InvalidInput(f"the operator cannot set {name!r}", code="setting_unknown", field=name)
        for item in fields.values():
            if item.required and item.name not in given:
                raise InvalidInput(f"{item.name} is missing", code="setting_missing", field=item.name)
        return {name: given[name] for name in fields if name in given}

    def for_start(self, record: PluginRecord) -> Context:
        """For ``register_*``: no tenant, no settings, no means."""
        return Context(plugin=record.id, log=_logger(record))

    def for_platform(self, record: PluginRecord) -> Context:
        """Without a tenant; settings only where no tenant value is required."""
        try:
            settings = validate(record.given.settings, self.platform_values(record))
        except InvalidInput:
            settings = None
        return Context(settings=settings, **self._common(record, None, "system", "en"))

    async def for_tenant(
        self,
        record: PluginRecord,
        tenant: TenantRef,
        version: int | None,
        *,
        actor: str = "system",
        locale: str = "en",
    ) -> Context:
        """With the tenant's settings of that version. Raises InvalidInput when they are not usable.

        ``version=None`` reads them anew and keeps nothing: for a unit that may yet be rolled back.
        """
        settings = await self._settings(record, tenant.id, version)
        return Context(settings=settings, **self._common(record, tenant, actor, locale))

    async def for_page(self, record: PluginRecord, scope: PageScope, version: int) -> PageContext:
        """For a page. Raises InvalidInput when the tenant's settings are not usable."""
        settings = await self._settings(record, scope.tenant.id, version)
        common = self._common(record, scope.tenant, scope.actor, scope.locale)
        context: PageContext | None = None

        def render(template: str, values: Mapping[str, Any]) -> Reply:
            if not template.startswith(f"{record.id}/"):
                raise ValueError(f"a template of {record.id} must lie under {record.id}/")
            full = {"ctx": context, "t": common["gettext"], "layout": "layout.html", **values}
            return Reply(scope.render(template, full).encode())

        context = PageContext(
            settings=settings,
            renderer=render,
            csrf_input=scope.csrf_input,
            root=f"/x/{record.id}",
            customer=scope.customer,
            address=scope.address,
            **common,
        )
        return context

    async def with_values(self, record: PluginRecord, tenant: TenantRef, values: Mapping[str, Any]) -> Context:
        """With values that are not saved yet, to check them."""
        settings = validate(record.given.settings, {**values, **self.platform_values(record)})
        return Context(settings=settings, **self._common(record, tenant, "system", "en"))

    async def _settings(self, record: PluginRecord, tenant_id: UUID, version: int | None) -> msgspec.Struct:
        if version is None:
            return await self._read(record, tenant_id)
        key = (tenant_id, record.id, version)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        settings = await self._read(record, tenant_id)
        self._kept[key] = settings
        while len(self._kept) > _SETTINGS_KEPT:
            self._kept.popitem(last=False)
        return settings

    async def _read(self, record: PluginRecord, tenant_id: UUID) -> msgspec.Struct:
        own = await self._board.settings(tenant_id, record.id) if self._board is not None else {}
        return validate(record.given.settings, {**own, **self.platform_values(record)})

    def _common(self, record: PluginRecord, tenant: TenantRef | None, actor: str, locale: str) -> dict[str, Any]:
        return {
            "plugin": record.id,
            "tenant": tenant,
            "actor": actor,
            "locale": locale,
            "log": _logger(record),
            "gettext": self.gettext(record, locale),
            "format_money": lambda money: self._services.format_money(money, locale),
            "means": self._means(record, tenant),
        }

    def gettext(self, record: PluginRecord, locale: str) -> Callable[[str], str]:
        """What turns the plugin's message ids into the reader's language."""
        folder = record.known().locales
        if folder is None or record.folder is None:
            return str
        return i18n.translator(locale, record.folder / folder, record.id).gettext

    def _means(self, record: PluginRecord, tenant: TenantRef | None) -> dict[str, Any]:
        manifest, services = record.known(), self._services
        means: dict[str, Any] = {}
        if hosts := allowed_hosts(manifest, self._platform_defaults(record)):
            plain = not self._config.production
            means["net"] = LimitedClient(hosts, transport=services.transport, plain_http=plain)
        if manifest.may("store") and services.store is not None:
            means["store"] = services.store(record.id, tenant.id if tenant else None)
        if manifest.may("events.emit") and services.emit_event is not None and tenant is not None:
            means["events.emit"] = functools.partial(services.emit_event, record.id, tenant)
        if manifest.may("mail.send") and services.mail is not None and tenant is not None:
            means["mail.send"] = functools.partial(services.mail, record.id, tenant)
        return means

    def _platform_defaults(self, record: PluginRecord) -> dict[str, Any]:
        given = self._config.settings.get(record.id, {})
        fields = setting_fields(record.given.settings)
        return {item.name: given.get(item.name, item.default) for item in fields if item.level == "platform"}


def _logger(record: PluginRecord) -> logging.Logger:
    return logging.getLogger(f"askpro.plugin.{record.id}")
