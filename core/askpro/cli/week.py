"""``askpro week FILE TARIFFS``: a week of call records against prices written down beside it.

A tool of the project, not of an installation. On an empty database of its own it makes the resellers of the
tariffs file, their prices and their customers through the same services as everybody, imports FILE through
the same import as everybody, and prints what was booked as JSON, exact to 10⁻⁶.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import tomllib
from collections import Counter
from contextlib import ExitStack, redirect_stdout
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import click

from askpro import db, secrets
from askpro.actor import Actor
from askpro.calls.imports.runner import Summary, run_import
from askpro.cli.calls import choose_layout, tell
from askpro.cli.copy_rate import copy_rows_per_second
from askpro.commissions.service import publish_scheme
from askpro.migrations.bootstrap import bootstrap, with_database
from askpro.people.customers import create_customer
from askpro.postgres import LocalPostgres, unwinding
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version, set_blocked
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.service import create_tenant

__all__ = ("week",)

_BY = Actor("operator", "week")
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_ZONES = {"EUR": "Europe/Berlin", "GBP": "Europe/London", "USD": "America/New_York"}
_CUSTOMERS = {"nordstern": 70, "falke": 45, "rosenheim": 5}
_REFUSED = ("rate_missing", "destination_blocked")
_NAME = "askpro_week"
_PASSWORD = "only-on-loopback"  # noqa: S105 - a throw-away server


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("tariffs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the database in this folder.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write every row not booked (CSV).")
@click.option("--customers", "counts", multiple=True, metavar="SLUG=N", help="How many customers a reseller has.")
def week(file: Path, tariffs: Path, data: Path | None, report: Path | None, counts: tuple[str, ...]) -> None:
    """Rate and book a sample week; JSON on standard output, the rest on standard error.

    With --data the database stays, and the same command again imports the file again: nothing is booked twice,
    and an import that was killed goes on where it stood.
    """
    customers = _CUSTOMERS | {slug: int(n) for slug, _, n in (text.partition("=") for text in counts)}
    with ExitStack() as stack:
        stack.enter_context(unwinding())
        if data is None:
            made = tempfile.TemporaryDirectory(prefix="askpro-week-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
            folder.chmod(0o755)
        else:
            folder = data
            folder.mkdir(parents=True, exist_ok=True)
        server = stack.enter_context(LocalPostgres(folder / "postgres"))
        found = asyncio.run(_run(server, file, tomllib.loads(tariffs.read_text(encoding="utf-8")), customers, report))
    click.echo(json.dumps(found, indent=1))


async def _run(
    server: LocalPostgres, file: Path, tariffs: dict[str, Any], customers: dict[str, int], report: Path | None
) -> dict[str, Any]:
    secrets.configure(("a week's throw-away key, never used twice",))
    await bootstrap(server.dsn(), _NAME, app_password=_PASSWORD)
    await db.start(server.dsn(_NAME, user="askpro_app", password=_PASSWORD), max_size=4)
    try:
        await _set_up(tariffs, customers)
        began = time.perf_counter()
        summary = await run_import(file, choose_layout(file, "auto", tenant="", source="cdr"), source="cdr", by=_BY)
        took = time.perf_counter() - began
        _tell_on_stderr(summary, report)
        await _compare(server, summary.counts["rows"], took)
        return await _result(summary)
    finally:
        await db.stop()


def _tell_on_stderr(summary: Summary, report: Path | None) -> None:
    """The import's own report, beside the JSON."""
    with redirect_stdout(sys.stderr):
        tell(summary, dry_run=False, report=report, as_json=False)


async def _set_up(tariffs: dict[str, Any], customers: dict[str, int]) -> None:
    """Make what is not there yet: a run that was killed may have left any part of it."""
    async with db.platform_unit("sample week: what is there", actor=str(_BY)):
        if await db.fetchval("select exists (select from tenancy.tenant where kind = 'reseller')"):
            complete = await db.fetchval("select exists (select from calls.import_run)")
            if not complete:
                raise click.ClickException("this folder holds half a set-up: use another one")
            return
    await set_blocked(dict.fromkeys(tariffs["blocked"]["prefixes"], "sample week"), by=_BY)
    for currency, prices in tariffs["platform"].items():
        await publish_version(PLATFORM, Level.PLATFORM, None, currency, _BEGINNING, _content(prices), by=_BY)
    for slug, prices in tariffs["resellers"].items():
        currency = prices["currency"]
        zone = _ZONES.get(currency, "UTC")
        locale = "de" if currency == "EUR" else "en"
        made = await create_tenant(slug, slug.capitalize(), currency=currency, locale=locale, timezone=zone, by=_BY)
        await publish_version(made.id, Level.RESELLER, None, currency, _BEGINNING, _content(prices), by=_BY)
        scheme = prices["commission"]
        await publish_scheme(made.id, scheme["scheme"], Decimal(scheme["value"]), _BEGINNING, by=_BY)
        for number in range(1, customers.get(slug, 0) + 1):
            name = f"{slug[:2].upper()}-{number:05d}"
            await create_customer(made.id, name, name, by=_BY)


def _content(prices: dict[str, Any]) -> dict[str, Any]:
    """The neutral table's words in the product's."""
    kept = ("increments", "free_seconds", "connect_fee", "inbound", "outbound")
    found: dict[str, Any] = {key: prices[key] for key in kept if key in prices}
    found["items"] = [["token", prices["token"]], ["booking", prices["booking"]]]
    return found


async def _compare(server: LocalPostgres, rows: int, seconds: float) -> None:
    admin = await asyncpg.connect(with_database(server.dsn(), _NAME))
    try:
        copied = await copy_rows_per_second(admin)
    finally:
        await admin.close()
    rate = rows / seconds
    click.echo(f"{rate:,.0f} calls a second; COPY of the same rows {copied:,.0f}; ratio {rate / copied:.3f}", err=True)


async def _result(summary: Summary) -> dict[str, Any]:
    async with db.platform_unit("sample week: what was booked", actor=str(_BY)):
        sums = await db.fetch("""
            select t.slug, count(u.talk_ms) as rated,
                   count(*) filter (where u.id is not null and u.talk_ms is null) as unanswered,
                   coalesce(sum(u.billed), 0)::bigint as billed_seconds,
                   coalesce(sum(u.price), 0)::bigint as retail_units,
                   coalesce(sum(u.wholesale), 0)::bigint as wholesale_units,
                   coalesce(sum(u.commission), 0)::bigint as commission_units,
                   count(*) filter (where u.price < u.wholesale) as sold_below_wholesale
              from tenancy.tenant t left join ledger.usage u on u.tenant_id = t.id
             where t.kind = 'reseller' group by t.slug order by t.slug""")
        retail = await db.fetch("""
            select t.slug || '/' || c.number as customer, sum(u.price)::bigint as units
              from ledger.usage u join tenancy.tenant t on t.id = u.tenant_id
              join ledger.wallet w on w.tenant_id = u.tenant_id and w.id = u.wallet_id
              join people.customer c on c.tenant_id = w.tenant_id and c.id = w.customer_id
             where u.talk_ms is not null group by 1 order by 1""")
        earlier: list[UUID] = [
            row["id"] for row in await db.fetch("select id from calls.import_run order by started_at, id limit 1")
        ]
        rejected = await db.fetch(
            "select tenant, reason, count(*) as n from calls.import_reject where run_id = any($1) group by 1, 2",
            earlier,
        )
    refused: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in rejected:
        reasons[row["reason"]] += row["n"]
        if row["reason"] in _REFUSED:
            refused[row["tenant"]] += row["n"]
    resellers = {}
    for row in sums:
        entry = dict(row)
        slug = entry.pop("slug")
        entry["refused"] = refused[slug]
        resellers[slug] = {"calls": entry["rated"] + entry["unanswered"] + entry["refused"], **entry}
    return {
        "resellers": resellers,
        "not_booked": dict(sorted(reasons.items())),
        "customers_retail_units": {row["customer"]: row["units"] for row in retail},
    }
