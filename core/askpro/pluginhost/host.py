"""The plugin host: one for each application, no global manager.

    host = Host(config, services, board)
    host.load()                                  # discover, check, import, register: before the app is built
    routers = host.routers(guards, scope_of)     # pages, each tried out alone
    await host.start()                           # migrations, settings, on_ready: inside the app's lifespan

A plugin that fails anywhere is quarantined with a reason; the others and the host go on.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from litestar import Request, Router

from askpro.errors import AskProError, InvalidInput, Misconfigured, NotFound, PluginUnavailable
from askpro.pluginhost import doctor
from askpro.pluginhost.calls import Caller
from askpro.pluginhost.config import HostConfig
from askpro.pluginhost.contexts import Contexts
from askpro.pluginhost.discovery import check_version, discover, installed
from askpro.pluginhost.money import TenantProvider
from askpro.pluginhost.rates import GuardedRates
from askpro.pluginhost.records import PluginRecord, PluginReport, Quarantined, Stage
from askpro.pluginhost.registering import import_plugin, new_manager, register, take
from askpro.pluginhost.registry import Registry
from askpro.pluginhost.routing import Guards, build_router, page_request
from askpro.pluginhost.running import Runner
from askpro.pluginhost.schema import PluginMigration, behind, migrations_of
from askpro.pluginhost.services import PageScope, Services
from askpro.pluginhost.switchboard import SwitchBoard
from askpro.sdk.context import TenantRef
from askpro.sdk.jobs import JobSpec
from askpro.sdk.providers import PaymentProvider
from askpro.sdk.rates import Currency, RateSource
from askpro.sdk.routes import Reply, RouteSpec

__all__ = ("Host", "ScopeOf")

log = logging.getLogger("askpro.pluginhost")

ScopeOf = Callable[[Request[Any, Any, Any]], PageScope | Awaitable[PageScope]]


class Host:
    """See the module. ``run`` calls hooks; ``contexts`` makes what they are given."""

    def __init__(
        self,
        config: HostConfig,
        services: Services | None = None,
        board: SwitchBoard | None = None,
        entry_points: Iterable[EntryPoint] | None = None,
    ) -> None:
        self.config, self.services = config, services or Services()
        self._points = entry_points
        self.records: dict[str, PluginRecord] = {}
        """The plugins in the order in which they are asked."""
        self._others: list[PluginRecord] = []
        self._callers: dict[str, Caller] = {}
        self._manager = new_manager()
        self._providers: Registry[PaymentProvider] = Registry("payment provider")
        self._sources: Registry[RateSource] = Registry("rate source")
        self._currencies: Registry[Currency] = Registry("currency")
        self.contexts = Contexts(config, self.services, board)
        self.run = Runner(config, board, self.contexts, self.records, self._callers)

    # from "found" to "ready"

    def load(self) -> None:
        """Discover, check, import and register, one plugin at a time.

        Raises Misconfigured in strict mode when one is quarantined.
        """
        points = installed() if self._points is None else self._points
        for record in discover(points, self.config.only):
            if record.id in self.records:
                self._others.append(record)
                continue
            self.records[record.id] = record
            self._callers[record.id] = Caller(record, self.config)
            if not record.reason:
                self._attempt(record, self._load_one)
        self._strict()

    def _load_one(self, record: PluginRecord) -> None:
        check_version(record, production=self.config.production)
        record.stage = Stage.VERSION
        import_plugin(record, self.config.start_deadline)
        record.stage = Stage.IMPORTED
        register(self._manager, record)
        given = take(record, self.contexts.for_start(record), self.config.start_deadline)
        self._providers.check(record.id, [one.key for one in given.providers])
        self._sources.check(record.id, [one.key for one in given.rate_sources])
        self._currencies.check(record.id, [one.code for one in given.currencies])
        migrations_of(record)
        for provider in given.providers:
            self._providers.add(record.id, provider.key, provider)
        for source in given.rate_sources:
            self._sources.add(record.id, source.key, source)
        for currency in given.currencies:
            self._currencies.add(record.id, currency.code, currency)
        record.given = given
        record.stage = Stage.REGISTERED

    async def start(self) -> None:
        """Check migrations and settings and tell the plugins; may be called again after ``askpro migrate``.

        Raises Misconfigured in strict mode when one is quarantined.
        """
        for record in self.records.values():
            if record.stage in (Stage.REGISTERED, Stage.MIGRATED, Stage.CONFIGURED):
                record.reason = ""
                try:
                    await self._start_one(record)
                except Exception as error:
                    self._quarantine(record, error)
        self._strict()

    async def _start_one(self, record: PluginRecord) -> None:
        record.stage = Stage.REGISTERED
        if wanted := migrations_of(record):
            if self.services.applied is None:
                raise Quarantined("it has tables, but there is no database")
            if problem := behind(wanted, await self.services.applied(record.known().schema)):
                raise Quarantined(problem)
        record.stage = Stage.MIGRATED
        try:
            self.contexts.platform_values(record)
            ctx = self.contexts.for_platform(record)
        except InvalidInput as error:
            raise Quarantined(f"its operator settings: {error}") from error
        record.stage = Stage.CONFIGURED
        if hook := record.functions.get("on_ready"):
            deadline = self.config.start_deadline
            arguments = hook.bound({"ctx": ctx})
            await self._callers[record.id].call("on_ready", hook.function, *arguments, tenant="", deadline=deadline)
        record.stage = Stage.READY

    def _attempt(self, record: PluginRecord, step: Callable[[PluginRecord], None]) -> None:
        try:
            step(record)
        except Exception as error:
            self._quarantine(record, error)

    def _quarantine(self, record: PluginRecord, error: Exception) -> None:
        said = str(error) if isinstance(error, Quarantined) else f"{type(error).__name__}: {error}"
        record.reason = said.strip().splitlines()[0][:300] if said.strip() else "it failed without a word"
        log.error("plugin %s is quarantined: %s", record.id, record.reason)
        if record.stage in (Stage.DISCOVERED, Stage.VERSION, Stage.IMPORTED):
            if record.plugin is not None and self._manager.has_plugin(record.id):
                self._manager.unregister(name=record.id)
            for registry in (self._providers, self._sources, self._currencies):
                registry.drop(record.id)

    def _strict(self) -> None:
        broken = [f"{one.id}: {one.reason}" for one in (*self.records.values(), *self._others) if one.reason]
        if self.config.strict and broken:
            raise Misconfigured("ASKPRO_PLUGINS_STRICT: " + "; ".join(broken))

    # pages

    def routers(self, guards: Guards, scope_of: ScopeOf) -> list[Router]:
        """A router for each plugin that has pages, to be mounted as they are."""
        found: list[Router] = []

        async def dispatch(plugin: str, spec: RouteSpec, request: Request[Any, Any, Any]) -> Reply:
            return await self._page(plugin, spec, request, scope_of)

        for record in self.records.values():
            if record.stage is Stage.REGISTERED and record.given.routes:
                try:
                    found.append(build_router(record, guards, dispatch))
                except Quarantined as error:
                    record.stage = Stage.IMPORTED
                    self._quarantine(record, error)
        self._strict()
        return found

    async def _page(self, plugin: str, spec: RouteSpec, request: Request[Any, Any, Any], scope_of: ScopeOf) -> Reply:
        record = self.records[plugin]
        scope = scope_of(request)
        scope = await scope if inspect.isawaitable(scope) else scope
        switches = await self.run.switches(scope.tenant)
        if not record.ready or plugin not in switches.enabled:
            raise NotFound()
        try:
            ctx = await self.contexts.for_page(record, scope, switches.versions.get(plugin, 0))
        except InvalidInput as error:  # of the tenant's settings, not of what the visitor typed
            raise PluginUnavailable() from error
        asked = await page_request(request)
        tenant, what = str(scope.tenant.id), f"page {spec.path}"
        try:
            reply = await self._callers[plugin].call(
                what, spec.handler, ctx, asked, tenant=tenant, deadline=spec.deadline or self.config.deadline
            )
        except AskProError:
            raise
        except Exception as error:
            raise PluginUnavailable() from error
        if not isinstance(reply, Reply):
            self._callers[plugin].refused(what, tenant, TypeError(f"a {type(reply).__name__} is no Reply"))
            raise PluginUnavailable()
        return reply

    # what plugins give

    async def provider(
        self, tenant: TenantRef, key: str, *, actor: str = "system", locale: str = "en", for_new: bool = True
    ) -> TenantProvider:
        """A payment provider for a tenant. Raises NotFound, PluginUnavailable, InvalidInput (its settings).

        ``for_new=False`` also finds one that the tenant has disabled since: what it began must still be looked
        up, refunded and heard.
        """
        plugin, provider = self._providers.find(key)
        record = self.records[plugin]
        switches = await self.run.switches(tenant)
        if for_new and plugin not in switches.enabled:
            raise NotFound(f"{key} is not enabled", code="provider_unknown")
        if not record.ready:
            raise PluginUnavailable(f"{plugin} is not up")
        ctx = await self.run.context(record, tenant, switches, actor, locale)
        grants = frozenset(record.known().capabilities)
        return TenantProvider(provider, plugin, ctx, self._callers[plugin], self.config.money_deadline, grants)

    async def providers(self, tenant: TenantRef) -> list[str]:
        """The keys of the providers that a tenant has enabled and that are up, sorted."""
        switches = await self.run.switches(tenant)
        ids = {record.id for record in self.run.chosen(tenant, switches)}
        return [key for key, plugin, _ in self._providers if plugin in ids]

    def rates(self, key: str) -> GuardedRates:
        """A source of exchange rates. Raises NotFound, PluginUnavailable."""
        plugin, source = self._sources.find(key)
        record = self.records[plugin]
        if not record.ready:
            raise PluginUnavailable(f"{plugin} is not up")
        ctx = self.contexts.for_platform(record)
        return GuardedRates(source, ctx, self._callers[plugin], self.config.deadline)

    def currencies(self) -> dict[str, Currency]:
        """Every currency of the registered plugins, by code. There before ``start``: amounts need their digits."""
        return {code: currency for code, _, currency in self._currencies}

    def jobs(self) -> list[tuple[str, JobSpec]]:
        """(plugin, job) of every registered plugin."""
        registered = [one for one in self.records.values() if one.stage not in _UNFINISHED]
        return [(record.id, job) for record in registered for job in record.given.jobs]

    async def run_job(self, plugin: str, name: str, tenant: TenantRef | None = None) -> bool:
        """Run a plugin's job; False when it is not up, or not the tenant's. Raises what the job raises.

        It is his who has enabled the plugin, and for ``when_disabled`` his, too, who has settings of it.
        """
        record = self.records[plugin]
        job = next(one for one in record.given.jobs if one.name == name)
        switches = await self.run.switches(tenant)
        theirs = plugin in switches.enabled or (job.when_disabled and switches.versions.get(plugin, 0) > 0)
        if not record.ready or (tenant is not None and not theirs):
            return False
        ctx = await self.run.context(record, tenant, switches, "system", "en")
        who = str(tenant.id) if tenant else ""
        await self._callers[plugin].call(f"job {name}", job.run, ctx, tenant=who, deadline=job.deadline)
        return True

    # what the application needs to know

    def migrations(self) -> list[tuple[PluginMigration, ...]]:
        """For ``schema.migrate_plugins``: one tuple a registered plugin."""
        registered = [one for one in self.records.values() if one.stage not in _UNFINISHED]
        return [found for record in registered if (found := migrations_of(record))]

    def folders(self, kind: str) -> dict[str, Path]:
        """Plugin → folder for ``templates``, ``static`` or ``locales``."""
        found = {}
        for record in self.records.values():
            if record.stage not in _UNFINISHED and record.folder is not None:
                name = {"templates": record.known().templates, "static": record.known().static,
                        "locales": record.known().locales}[kind]  # fmt: skip
                if name is not None:
                    found[record.id] = record.folder / name
        return found

    def report(self) -> list[PluginReport]:
        """Every plugin that was found, the broken ones included."""
        every = [*self.records.values(), *self._others]
        return [doctor.report(one, self._callers.get(one.id), self.config) for one in every]

    def missing(self) -> list[str]:
        """Required plugins that are not ready. Readiness is red and no job runs while there are any."""
        return [name for name in self.config.required if name not in self.records or not self.records[name].ready]

    def caller(self, plugin: str) -> Caller:
        """Breaker and counters of a plugin. Raises NotFound."""
        if plugin not in self._callers:
            raise NotFound(f"no plugin {plugin!r}", code="plugin_unknown")
        return self._callers[plugin]


_UNFINISHED = (Stage.DISCOVERED, Stage.VERSION, Stage.IMPORTED)
