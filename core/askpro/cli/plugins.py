"""``askpro plugins``: what is installed, what is broken and why, and the operator's and tenants' switches."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from askpro import db
from askpro.actor import Actor
from askpro.cli.hosted import with_host
from askpro.pluginhost import Host, PluginReport
from askpro.pluginhost import service as verbs
from askpro.pluginhost.doctor import health, text
from askpro.sdk.context import TenantRef
from askpro.tenancy import audit
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("plugins",)

_BY = Actor("operator", "console")


@click.group()
def plugins() -> None:
    """Plugins: installed, offered by the platform, enabled by a reseller."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_command(as_json: bool) -> None:
    """One line a plugin."""
    reports, missing = _reports()
    if as_json:
        click.echo(json.dumps(health(reports, missing), indent=1))
        return
    for one in reports:
        state = "ready" if one.ready else f"not ready: {one.reason or one.stage.value}"
        click.echo(f"{one.id:20} {one.version:10} {state}")


@plugins.command("doctor")
def doctor_command() -> None:
    """Everything there is to say about each plugin; exit code 1 when one of them is not well."""
    reports, missing = _reports()
    click.echo(text(reports))
    if missing:
        click.secho(f"\nrequired and not ready: {', '.join(missing)}", fg="red", err=True)
    if missing or any(not one.ready for one in reports):
        sys.exit(1)


def _reports() -> tuple[list[PluginReport], list[str]]:
    async def work(host: Host) -> tuple[list[PluginReport], list[str]]:
        return list(host.report()), list(host.missing())

    return with_host(work)


@plugins.command("offer")
@click.argument("plugin")
@click.option("--default", "default", is_flag=True, help="Enabled for every reseller that does not switch it off.")
def offer_command(plugin: str, default: bool) -> None:
    """Let resellers enable PLUGIN."""

    async def work(host: Host) -> None:
        await verbs.offer(host, plugin, by=str(_BY), state="default" if default else "offered")

    with_host(work)


@plugins.command("hide")
@click.argument("plugin")
def hide_command(plugin: str) -> None:
    """Take PLUGIN back from everybody; what it began can still be finished."""

    async def work(host: Host) -> None:
        await verbs.hide(host, plugin, by=str(_BY))

    with_host(work)


@plugins.command("enable")
@click.argument("plugin")
@click.option("--tenant", required=True, help="The reseller's slug.")
def enable_command(plugin: str, tenant: str) -> None:
    """Switch PLUGIN on for a reseller."""
    with_host(_switch(verbs.enable, "plugin.enabled", plugin, tenant))


@plugins.command("disable")
@click.argument("plugin")
@click.option("--tenant", required=True, help="The reseller's slug.")
def disable_command(plugin: str, tenant: str) -> None:
    """Switch PLUGIN off for a reseller."""
    with_host(_switch(verbs.disable, "plugin.disabled", plugin, tenant))


def _switch(verb: Any, action: str, plugin: str, slug: str) -> Callable[[Host], Awaitable[None]]:
    async def work(host: Host) -> None:
        async with db.platform_unit("switch a plugin of a reseller", actor=str(_BY)):
            tenant = await tenant_by_slug(slug)
        async with db.unit(tenant.id):
            await verb(host, TenantRef(tenant.id, tenant.slug), plugin, by=str(_BY))
            await audit.record(tenant.id, _BY, action, plugin)

    return work
