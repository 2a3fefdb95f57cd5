"""``askpro keys``: API keys at the console."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click

from askpro import clock
from askpro.actor import Actor
from askpro.cli.runtime import with_database
from askpro.people import keys as service
from askpro.settings import Settings
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("keys",)

_BY = Actor("operator", "console")
_tenant = click.option("--tenant", "slug", required=True, help="The reseller's short name.")


@click.group()
def keys() -> None:
    """API keys of a reseller."""


@keys.command()
@_tenant
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help=f"One of {', '.join(service.SCOPES)}, or *.")
@click.option("--days", type=click.IntRange(min=1), help="Days until it expires (default: never).")
@click.option("--test", "testing", is_flag=True, help="A key for trying things out (ask_test_…).")
def create(slug: str, name: str, scopes: tuple[str, ...], days: int | None, testing: bool) -> None:
    """Make a key and print it, this once."""
    expires = clock.now() + timedelta(days=days) if days else None

    async def work(settings: Settings) -> str:
        tenant = await tenant_by_slug(slug)
        secret, _ = await service.create(tenant.id, name, scopes, by=_BY, expires_at=expires, live=not testing)
        return secret

    click.echo(with_database(work))
    click.echo("This is the only time it is shown.", err=True)


@keys.command("list")
@_tenant
def list_(slug: str) -> None:
    """Print the keys, dead ones too."""

    async def work(settings: Settings) -> list[service.ApiKey]:
        return await service.keys((await tenant_by_slug(slug)).id)

    now = clock.now()
    for key in with_database(work):
        state = "revoked" if key.revoked_at else "expired" if key.expires_at and key.expires_at <= now else "active"
        used = f"{key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never used"
        click.echo(f"{key.id}  {key.prefix}…  {state:8} {used:16}  {key.name}  [{' '.join(key.scopes)}]")


@keys.command()
@_tenant
@click.argument("key_id", type=click.UUID)
def revoke(slug: str, key_id: UUID) -> None:
    """End a key now (other processes follow within two seconds)."""

    async def work(settings: Settings) -> service.ApiKey:
        return await service.revoke((await tenant_by_slug(slug)).id, key_id, by=_BY)

    click.echo(f"{with_database(work).name} is revoked")
