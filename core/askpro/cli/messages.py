"""``askpro messages``: what was written to whom, and what became of it."""

from __future__ import annotations

from uuid import UUID

import click

from askpro import db
from askpro.actor import Actor
from askpro.cli.runtime import with_database
from askpro.messages import composing, links, queries, service
from askpro.messages.model import Mail
from askpro.settings import Settings
from askpro.tenancy.model import Tenant
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("messages",)

_tenant = click.option("--tenant", "slug", required=True, help="The reseller's short name.")


@click.group()
def messages() -> None:
    """Mails to customers and staff."""


@messages.command("list")
@_tenant
@click.option("--state", type=click.Choice(("waiting", "sent", "failed", "skipped")), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_(slug: str, state: str | None, limit: int) -> None:
    """List mails, latest first. What is older than ninety days is gone."""

    async def work(settings: Settings) -> tuple[list[Mail], dict[str, int]]:
        tenant = await tenant_by_slug(slug)
        async with db.unit(tenant.id):
            return await queries.mails(tenant.id, state=state or "", limit=limit), await queries.counts(tenant.id)

    found, counts = with_database(work)
    for mail in found:
        subject = mail.rendered.subject if mail.rendered else f"({mail.template}, not written)"
        click.echo(f"{mail.id}  {mail.created_at:%Y-%m-%d %H:%M} UTC  {mail.state:7}  {mail.address}  {subject}")
        if mail.last_error:
            click.echo(f"{'':38}{mail.attempts}×  {mail.last_error}")
    said = ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "no mails"
    click.echo(said, err=True)


@messages.command()
@_tenant
@click.argument("mail_id", type=click.UUID)
@click.option("--html", "part", flag_value="html", help="The HTML instead of the text.")
@click.option("--eml", "part", flag_value="eml", help="The whole message, as it is sent.")
def show(slug: str, mail_id: UUID, part: str | None) -> None:
    """Print a mail."""

    async def work(settings: Settings) -> tuple[Tenant, Mail]:
        links.connect(settings)
        tenant = await tenant_by_slug(slug)
        async with db.unit(tenant.id):
            return tenant, await queries.mail(tenant.id, mail_id)

    tenant, mail = with_database(work)
    if mail.rendered is None:
        raise click.ClickException(f"This mail is not written yet: {mail.last_error}")
    if part == "eml":
        click.echo(composing.compose(tenant, mail).as_bytes(), nl=False)
    elif part == "html":
        click.echo(mail.rendered.html)
    else:
        click.echo(f"{mail.rendered.subject}\n\n{mail.rendered.text}", nl=False)


@messages.command()
@_tenant
@click.argument("mail_id", type=click.UUID)
def retry(slug: str, mail_id: UUID) -> None:
    """Send a mail again that has failed."""

    async def work(settings: Settings) -> None:
        await service.retry((await tenant_by_slug(slug)).id, mail_id, by=Actor("operator", "console"))

    with_database(work)
    click.echo("it is queued again")
