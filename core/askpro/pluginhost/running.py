"""Hooks while the house runs: for one tenant only the plugins it has enabled, each on its own.

Implementations run side by side and their values come back in a fixed order. A failing one is counted and left
out; a decision that fails is a refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

from askpro import clock
from askpro.errors import AskProError, NotFound, PluginUnavailable
from askpro.pluginhost.calls import Caller
from askpro.pluginhost.config import HostConfig
from askpro.pluginhost.contexts import Contexts
from askpro.pluginhost.records import Failure, PluginRecord
from askpro.pluginhost.switchboard import SwitchBoard, Switches
from askpro.sdk.context import Context, TenantRef
from askpro.sdk.notices import Refusal

__all__ = ("Runner",)

_EVERYTHING = Switches(frozenset())


class Runner:
    """Calls hooks of ready plugins."""

    def __init__(
        self,
        config: HostConfig,
        board: SwitchBoard | None,
        contexts: Contexts,
        records: dict[str, PluginRecord],
        callers: dict[str, Caller],
    ) -> None:
        self._config, self._board, self._contexts = config, board, contexts
        self._records, self._callers = records, callers

    async def switches(self, tenant: TenantRef | None) -> Switches:
        """What the tenant has switched on; without a switch board nothing."""
        if tenant is None or self._board is None:
            return _EVERYTHING
        return await self._board.switches(tenant.id)

    def chosen(self, tenant: TenantRef | None, switches: Switches) -> Iterable[PluginRecord]:
        """The ready plugins of a tenant; all ready ones without a tenant."""
        return [one for one in self._records.values() if one.ready and (tenant is None or one.id in switches.enabled)]

    async def context(
        self, record: PluginRecord, tenant: TenantRef | None, switches: Switches, actor: str, locale: str
    ) -> Context:
        """The context of a call. Raises InvalidInput when the tenant's settings are not usable."""
        if tenant is None:
            return self._contexts.for_platform(record)
        version = switches.versions.get(record.id, 0)
        return await self._contexts.for_tenant(record, tenant, version, actor=actor, locale=locale)

    async def collect(
        self, hook: str, *, tenant: TenantRef | None, actor: str = "system", locale: str = "en", **values: Any
    ) -> list[tuple[str, Any]]:
        """(plugin, value) for every value that is not None."""
        found = await self._all(hook, tenant, actor, locale, values, None)
        return [(plugin, value) for plugin, value, error in found if error is None and value is not None]

    async def notify(
        self, hook: str, *, tenant: TenantRef | None, only: Collection[str] | None = None, **values: Any
    ) -> list[str]:
        """Tell; returns the plugins that failed, to be told again with ``only``."""
        found = await self._all(hook, tenant, "system", "en", values, only)
        return [plugin for plugin, _, error in found if error is not None]

    async def decide(
        self, hook: str, *, tenant: TenantRef, actor: str = "system", locale: str = "en", **values: Any
    ) -> list[tuple[str, Refusal]]:
        """The refusals; empty: nobody objects.

        Raises PluginUnavailable when one that has a say cannot be heard: it is never skipped.
        """
        switches = await self.switches(tenant)
        for record in self._records.values():
            if record.id in switches.enabled and hook in record.functions and not record.ready:
                raise PluginUnavailable(f"{record.id} has a say in {hook}, but is not up")
        refusals = []
        for plugin, value, error in await self._all(hook, tenant, actor, locale, values, None):
            if error is not None or not isinstance(value, Refusal | None):
                raise PluginUnavailable(f"{plugin} has a say in {hook}, but gave no answer")
            if value is not None:
                refusals.append((plugin, value))
        return refusals

    async def in_unit(self, hook: str, plugin: str, tenant: TenantRef, actor: str) -> None:
        """Call one plugin's hook in the caller's own task and unit. Raises what the plugin raises."""
        record = self._records[plugin]
        implementation = record.functions.get(hook)
        if implementation is None:
            return
        ctx = await self._contexts.for_tenant(record, tenant, None, actor=actor)
        arguments = implementation.bound({"ctx": ctx})
        deadline = self._config.deadline
        await self._callers[plugin].call(
            hook, implementation.function, *arguments, tenant=str(tenant.id), deadline=deadline, inline=True
        )

    async def ask_one(self, hook: str, plugin: str, ctx: Context, **values: Any) -> Any:
        """Ask one plugin with a ready-made context; None when it has no such hook. Raises PluginUnavailable."""
        record = self._records.get(plugin)
        if record is None or not record.ready:
            raise NotFound(f"no plugin {plugin!r} is ready", code="plugin_unknown")
        value, error = await self._one(record, hook, ctx, values)
        if error is not None:
            raise error if isinstance(error, AskProError) else PluginUnavailable(f"{plugin}: {type(error).__name__}")
        return value

    async def _all(
        self,
        hook: str,
        tenant: TenantRef | None,
        actor: str,
        locale: str,
        values: dict[str, Any],
        only: Collection[str] | None,
    ) -> list[tuple[str, Any, Exception | None]]:
        switches = await self.switches(tenant)
        chosen = [
            record
            for record in self.chosen(tenant, switches)
            if hook in record.functions and (only is None or record.id in only)
        ]

        async def one(record: PluginRecord) -> tuple[str, Any, Exception | None]:
            try:
                ctx = await self.context(record, tenant, switches, actor, locale)
            except Exception as error:  # this tenant's settings: they open no breaker for the others
                said = f"settings: {error}".splitlines()[0][:200]
                record.failures.append(Failure(clock.now(), hook, str(tenant.id) if tenant else "", said))
                return record.id, None, error
            return record.id, *await self._one(record, hook, ctx, values)

        return list(await asyncio.gather(*map(one, chosen)))

    async def _one(
        self, record: PluginRecord, hook: str, ctx: Context, values: dict[str, Any]
    ) -> tuple[Any, Exception | None]:
        implementation = record.functions.get(hook)
        if implementation is None:
            return None, None
        arguments = implementation.bound({"ctx": ctx, **values})
        tenant = str(ctx.tenant.id) if ctx.tenant else ""
        try:
            return (
                await self._callers[record.id].call(
                    hook, implementation.function, *arguments, tenant=tenant, deadline=self._config.deadline
                ),
                None,
            )
        except Exception as error:  # whatever it was, it stays with this plugin
            return None, error
