"""What plugins do in the worker: their repeated jobs, and hearing of what has happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from askpro.errors import PluginUnavailable
from askpro.events.subscribers import Event, Subscriber, subscribe
from askpro.jobs.tasks import TaskSpec
from askpro.pluginhost import Host
from askpro.sdk.context import TenantRef
from askpro.sdk.jobs import JobSpec
from askpro.sdk.notices import Notice
from askpro.tenancy.queries import all_tenants

__all__ = ("plugin_tasks", "subscribe_plugins")


def plugin_tasks(host: Host) -> list[TaskSpec]:
    """The jobs of all plugins as tasks, named ``plugin:<id>:<job>``; they start by the clock."""
    return [
        TaskSpec(f"plugin:{plugin}:{job.name}", _runner(host, plugin, job), queue="plugins", cron=job.cron)
        for plugin, job in host.jobs()
    ]


def _runner(host: Host, plugin: str, job: JobSpec) -> Callable[..., Awaitable[None]]:
    async def run(**_: object) -> None:
        if not job.per_tenant:
            await host.run_job(plugin, job.name)
            return
        failed: list[str] = []
        for tenant in await all_tenants(f"job {job.name} of plugin {plugin}"):
            try:
                await host.run_job(plugin, job.name, TenantRef(tenant.id, tenant.slug))
            except Exception as error:  # one tenant's trouble is not the others'; all of it is told at the end
                failed.append(f"{tenant.slug}: {type(error).__name__}: {error}")
        if failed:
            raise PluginUnavailable("; ".join(failed)[:2000])

    return run


def subscribe_plugins(host: Host) -> None:
    """One listener a plugin that wants to hear: a plugin that fails is told again, by itself."""
    for plugin, record in host.records.items():
        if "on_event" in record.hooks:
            subscribe(Subscriber(f"plugin:{plugin}", ("*",), _teller(host, plugin), atomic=False))


def _teller(host: Host, plugin: str) -> Callable[[Event], Awaitable[None]]:
    async def tell(event: Event) -> None:
        notice = Notice(id=event.id, kind=event.kind, occurred_at=event.at, data=event.payload)
        tenant = None if event.tenant == UUID(int=0) else TenantRef(event.tenant)
        if await host.run.notify("on_event", tenant=tenant, only={plugin}, event=notice):
            raise PluginUnavailable(f"{plugin} did not take {event.kind}")

    return tell
