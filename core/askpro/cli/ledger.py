"""``askpro ledger``: prove the books, seal finished days, verify that nothing was changed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click

from askpro import db, secrets
from askpro.ledger import proof, roots
from askpro.ledger.checks import CHECKS
from askpro.ledger.findings import Finding
from askpro.settings import Settings

__all__ = ("ledger",)

_TENANT = click.option("--tenant", metavar="SLUG", help="Only this reseller.")


@click.group()
def ledger() -> None:
    """Prove the books and show that they were not changed. Exit code 1: they are red."""


def _run(work: Callable[[], Awaitable[int]]) -> None:
    async def opened() -> int:
        settings = Settings.from_env()
        secrets.configure(settings.secret_keys)
        await db.start(settings.database_url, max_size=2, pooler=settings.pooler)
        try:
            return await work()
        finally:
            await db.stop()

    if code := asyncio.run(opened()):
        sys.exit(code)


async def _each(slug: str | None, what: str, look: Callable[[proof.Ledger], Awaitable[list[Finding]]]) -> int:
    red = 0
    for one in await proof.tenants(slug, reason=f"askpro ledger {what}"):
        red += _show(one, await look(one))
    return 1 if red else 0


def _show(one: proof.Ledger, found: Sequence[Finding]) -> int:
    red = sum(finding.alarm for finding in found)
    colour, said = ("red", f"{red} findings") if red else ("green", "in order")
    click.echo(f"{one.slug:24} {click.style(said, fg=colour)}")
    totals = Counter(finding.check for finding in found)
    for name in dict.fromkeys(finding.check for finding in found):
        these = [finding for finding in found if finding.check == name]
        click.secho(f"  {name}: {totals[name]}", fg="red" if these[0].alarm else "yellow")
        for finding in these[:10]:
            click.echo(f"    {finding.subject}\n      expected {finding.expected}\n      found    {finding.found}")
        if len(these) > 10:
            click.echo(f"    … and {len(these) - 10} more")
    return red


@ledger.command("prove")
@_TENANT
def prove(tenant: str | None) -> None:
    """Compute every balance again from what was booked."""

    async def work() -> int:
        click.echo(f"{len(CHECKS)} checks for each tenant; amounts in 0.000001", err=True)
        return await _each(tenant, "prove", lambda one: proof.prove(one.tenant))

    _run(work)


@ledger.command("verify")
@_TENANT
@click.option("--roots", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An exported file.")
def verify(tenant: str | None, file: Path | None) -> None:
    """Compare the bookings of every sealed day with its root, and with those of an exported file."""
    exported = roots.load(file.read_text(encoding="utf-8")) if file else None

    async def look(one: proof.Ledger) -> list[Finding]:
        chain = None if exported is None else [root for root in exported if root.tenant == one.tenant]
        return await roots.verify(one.tenant, exported=chain)

    async def work() -> int:
        code = await _each(tenant, "verify", look)
        if exported and tenant is None:
            here = {one.tenant for one in await proof.tenants(reason="askpro ledger verify")}
            for gone in sorted({root.tenant for root in exported} - here):
                click.secho(f"{gone} is in the file, but there is no such tenant", fg="red")
                code = 1
        return code

    _run(work)


@ledger.command("roots")
@_TENANT
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write all roots to this file.")
def write_roots(tenant: str | None, file: Path | None) -> None:
    """Seal the days that are over. Keep the exported file where nobody of this machine can change it."""

    lines: list[str] = []

    async def work() -> int:
        for one in await proof.tenants(tenant, reason="askpro ledger roots"):
            made = await roots.seal(one.tenant)
            async with db.unit(one.tenant):
                chain = await roots.kept(one.tenant)
            lines.append(roots.dump(chain))
            latest = f"latest {chain[-1].day} {chain[-1].root.hex()[:16]}…" if chain else ""
            click.echo(f"{one.slug:24} {len(made)} days sealed now, {len(chain)} in all  {latest}".rstrip())
        return 0

    _run(work)
    if file is not None:
        file.write_text("".join(lines), encoding="utf-8")
