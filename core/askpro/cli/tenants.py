"""``askpro tenants``: resellers as reviewed files."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from askpro import paths
from askpro.actor import Actor
from askpro.cli.runtime import with_database
from askpro.errors import InvalidInput
from askpro.ledger.queries import Wallet
from askpro.money import Money
from askpro.settings import Settings
from askpro.tariffs.selling import BelowWholesale
from askpro.tenancy.queries import all_tenants, tenant_by_slug
from askpro.tenantfiles import stored
from askpro.tenantfiles.diffing import Change
from askpro.tenantfiles.reading import PLATFORM_FOLDER
from askpro.tenantfiles.service import (
    apply_platform,
    apply_tenant,
    diff_platform,
    diff_tenant,
    read_platform,
    read_tenant,
    slugs,
    write_platform,
    write_tenant,
)
from askpro.wallets import funding

__all__ = ("tenants",)

_BY = Actor("operator", "console")
_folder = click.option(
    "--dir",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the tenants' folders (default: the installation's).",
)
_names = click.argument("names", metavar="[SLUG]...", nargs=-1)


@click.group()
def tenants() -> None:
    """Resellers: as files (tenants/SLUG/tenant.toml and prices.toml), and what they have paid in advance."""


@tenants.command()
@_folder
@_names
@click.option("--hard-floor", is_flag=True, help="Refuse prices below cost at the first increment.")
def apply(root: Path | None, names: tuple[str, ...], hard_floor: bool) -> None:
    """Make the database say what the files say; print what was changed.

    All of a reseller or nothing; applying again changes nothing. ``platform`` names the wholesale prices.
    """
    chosen = _chosen(root, names)

    async def work(settings: Settings) -> None:
        for folder in chosen:
            if folder.name == PLATFORM_FOLDER:
                done = await apply_platform(read_platform(folder), by=_BY, hard_floor=hard_floor)
            else:
                base = settings.base_domain
                done = await apply_tenant(read_tenant(folder), by=_BY, base_domain=base, hard_floor=hard_floor)
            _show(folder.name, done.changes)
            for below in done.below_wholesale:
                _warn(below)

    with_database(work)


@tenants.command()
@_folder
@_names
def diff(root: Path | None, names: tuple[str, ...]) -> None:
    """Print what applying would change; exit status 1 when there is something."""
    chosen = _chosen(root, names)

    async def work(settings: Settings) -> bool:
        differs = False
        for folder in chosen:
            if folder.name == PLATFORM_FOLDER:
                changes = await diff_platform(read_platform(folder))
            else:
                changes = await diff_tenant(read_tenant(folder))
            _show(folder.name, changes)
            differs = differs or bool(changes)
        return differs

    if with_database(work):
        sys.exit(1)


@tenants.command()
@_folder
@_names
def export(root: Path | None, names: tuple[str, ...]) -> None:
    """Write what the database says as files that apply without a change."""
    target = root or paths.tenants()

    async def work(settings: Settings) -> None:
        wanted = names or (PLATFORM_FOLDER, *(tenant.slug for tenant in await all_tenants("export tenant files")))
        for name in wanted:
            if name == PLATFORM_FOLDER:
                folder = write_platform(await stored.latest_platform(), target)
            else:
                folder = write_tenant(await stored.latest_tenant(await tenant_by_slug(name)), target)
            click.echo(str(folder))

    with_database(work)


@tenants.command()
@click.argument("slug")
@click.argument("amount")
@click.option("--reason", required=True, help="What it is for; it stands in the books.")
@click.option("--key", required=True, help="Names the payment, like the bank's reference: booked once under it.")
@click.option("--take-back", is_flag=True, help="The other way: out of the wallet, as far as it is there.")
def credit(slug: str, amount: str, reason: str, key: str, take_back: bool) -> None:
    """Credit what a reseller has paid for its calls in advance.

    AMOUNT is of the reseller's currency, like 1250 or 99.50. The reseller's settings say funding = "prepaid".
    """
    try:
        value = Decimal(amount)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value < 1_000_000_000:
        raise InvalidInput(f"{amount} is no amount like 1250 or 99.50", field="amount")

    async def work(settings: Settings) -> Wallet:
        tenant = await tenant_by_slug(slug)
        money = Money.of(-value if take_back else value, tenant.currency)
        return await funding.credit(tenant, money, reason=reason, key=key, by=_BY)

    after = with_database(work)
    balance, held = Money(after.posted, after.currency), Money(after.held, after.currency)
    click.echo(f"{slug}: balance {balance.decimal:f} {after.currency}, {held.decimal:f} held")


def _chosen(root: Path | None, names: tuple[str, ...]) -> list[Path]:
    """The folders to work on, the platform's last: its exceptions name resellers. Raises InvalidInput."""
    base = root or paths.tenants()
    there = slugs(base) + ([PLATFORM_FOLDER] if (base / PLATFORM_FOLDER / "prices.toml").is_file() else [])
    if missing := [name for name in names if name not in there]:
        raise InvalidInput(f"{base} has no {', '.join(missing)}")
    return [base / name for name in there if not names or name in names]


def _show(name: str, changes: tuple[Change, ...]) -> None:
    click.secho(f"{name}: {len(changes)} changes" if changes else f"{name}: no change", bold=True)
    colours = {"+": "green", "-": "red", "~": "yellow"}
    for change in changes:
        click.secho(f"  {change}", fg=colours[str(change)[0]])


def _warn(below: BelowWholesale) -> None:
    for finding in below.report.findings:
        where = ", ".join(finding.prefixes) or finding.direction
        spans = ", ".join(f"{span.first}-{span.last} s" for span in finding.ranges)
        click.secho(f"  sold below wholesale from {below.begins:%Y-%m-%d} on: {where} ({spans})", fg="yellow", err=True)
    for item in below.report.items:
        text = f"  sold below wholesale: {item.item} at {item.retail}, cost {item.wholesale}"
        click.secho(text, fg="yellow", err=True)
    if below.report.unsellable:
        names = ", ".join(below.report.unsellable)
        click.secho(f"  no wholesale price, so no call is possible: {names}", fg="yellow", err=True)
