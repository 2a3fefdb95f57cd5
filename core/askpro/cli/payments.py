"""``askpro payments``: what is wrong with ways to pay, addresses for providers' events, and events that got stuck."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from uuid import UUID

import click

from askpro.actor import Actor
from askpro.cli.hosted import with_host
from askpro.payments import doctor, endpoints, inbox
from askpro.payments.doctor import ProviderFinding
from askpro.payments.inbox import InboxEvent
from askpro.pluginhost import Host
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.queries import all_tenants, tenant_by_id, tenant_by_slug

__all__ = ("payments",)

_BY = Actor("operator", "console")
_COLOURS = {"error": "red", "warning": "yellow", "ok": "green"}


async def _tenants(slug: str | None, reason: str) -> list[Tenant]:
    if slug is not None:
        return [await tenant_by_slug(slug)]
    return [await tenant_by_id(PLATFORM), *await all_tenants(reason, actor=str(_BY))]


@click.group()
def payments() -> None:
    """Payment providers: what is wrong, where their events go, and which ones got stuck."""


@payments.command("doctor")
@click.option("--tenant", help="Only this reseller's slug.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor_command(tenant: str | None, as_json: bool) -> None:
    """Look for what is misconfigured; exit code 1 when something is wrong. Asks the providers."""

    async def work(_: Host) -> list[tuple[str, ProviderFinding]]:
        return [
            (one.slug, finding)
            for one in await _tenants(tenant, "the operator asks the payments doctor")
            for finding in await doctor.findings(one)
        ]

    found = with_host(work)
    if as_json:
        click.echo(json.dumps([{"tenant": slug, **asdict(one)} for slug, one in found], indent=1, ensure_ascii=False))
    else:
        for slug, one in found:
            level = click.style(f"{one.level:8}", fg=_COLOURS[one.level])
            click.echo(f"{slug:20} {one.provider:14} {level} {one.text}")
        if not found:
            click.echo("Nobody has a payment provider.")
    if any(one.level == "error" for _, one in found):
        sys.exit(1)


@payments.command("endpoint")
@click.argument("slug")
@click.argument("provider")
@click.option("--create", is_flag=True, help="Tell the provider, and save what it answers.")
@click.option("--base-url", default="", help="Another origin than https://<slug>.<base domain>.")
def endpoint_command(slug: str, provider: str, create: bool, base_url: str) -> None:
    """Show the address to which PROVIDER delivers events about SLUG (``platform``: the one that resellers share)."""

    async def work(_: Host) -> endpoints.Connected:
        tenant = await tenant_by_slug(slug)
        if create:
            return await endpoints.connect_endpoint(tenant, provider, base_url=base_url, by=_BY)
        return endpoints.Connected(await endpoints.url(tenant, provider, base_url=base_url), (), {})

    done = with_host(work)
    click.echo(done.url)
    for name in done.saved:
        click.echo(f"saved: {name}", err=True)
    if done.for_operator:
        click.secho("For the environment of every process; it is shown this once:", fg="yellow", err=True)
        for name, value in sorted(done.for_operator.items()):
            click.echo(f"ASKPRO_PLUGIN_{provider.upper()}__{name.upper()}={value}")


@payments.command("events")
@click.argument("slug", required=False)
@click.option("--dead", is_flag=True, help="Only those that were given up.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Of each reseller.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def events_command(slug: str | None, dead: bool, limit: int, as_json: bool) -> None:
    """List events of providers, latest first; without SLUG of everybody."""

    async def work(_: Host) -> list[tuple[str, InboxEvent]]:
        return [
            (tenant.slug, one)
            for tenant in await _tenants(slug, "the operator lists events of payment providers")
            for one in await inbox.events(tenant.id, state="dead" if dead else None, limit=limit)
        ]

    found = with_host(work)
    if as_json:
        click.echo(json.dumps([{"tenant": name, **asdict(one)} for name, one in found], indent=1, default=str))
        return
    for name, one in found:
        state = "dead" if one.dead_at else "done" if one.processed_at else "waiting"
        what = f"{one.provider} {one.type or one.kind}"
        click.echo(f"{name:20} {one.id}  {one.received_at:%Y-%m-%d %H:%M:%S} UTC  {state:7} {what}")
        if one.last_error:
            click.echo(f"{'':20} {one.attempts}×  {one.last_error}")
    click.echo(f"{len(found)} events", err=True)


@payments.command("replay")
@click.argument("slug")
@click.argument("event", type=UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Every dead letter of this reseller.")
def replay_command(slug: str, event: UUID | None, everything: bool) -> None:
    """Process a dead letter of SLUG again."""
    if (event is None) is not everything:
        raise click.UsageError("name one EVENT, or say --all")

    async def work(_: Host) -> int:
        tenant = await tenant_by_slug(slug)
        if event is None:
            return await inbox.replay_all(tenant.id, by=_BY)
        await inbox.replay(tenant.id, event, by=_BY)
        return 1

    click.echo(f"{with_host(work)} events will be processed again")
