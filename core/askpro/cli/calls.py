"""``askpro calls``: reading files of call records."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from askpro import db
from askpro.actor import Actor
from askpro.calls.imports import runs
from askpro.calls.imports.layouts import Asterisk, Layout, Native, detect
from askpro.calls.imports.reader import SourceFile, rows
from askpro.calls.imports.runner import Summary, run_import
from askpro.calls.imports.runs import Reject
from askpro.calls.refusals import Refusal, open_refusals
from askpro.cli.runtime import with_database
from askpro.errors import InvalidInput
from askpro.sdk import sheet_cell
from askpro.settings import Settings
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("calls", "choose_layout", "show", "tell")

_SHOWN = 10
_REPORT = ("line", "call_id", "reseller", "outcome", "reason", "detail")


@click.group()
def calls() -> None:
    """Call records."""


@calls.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--layout", type=click.Choice(["auto", "native", "asterisk"]), default="auto", show_default=True)
@click.option("--tenant", default="", help="Reseller of every row, where the file does not name one.")
@click.option("--customer", default="", help="Customer number of every row (Asterisk: instead of the account code).")
@click.option("--country", default="", help="Country code for nationally dialled numbers (Asterisk), such as 49.")
@click.option("--timezone", default="Europe/Berlin", show_default=True, help="Zone of local times (Asterisk).")
@click.option("--source", default="cdr", show_default=True, help="Name of the feed; call ids are unique within it.")
@click.option("--dry-run", is_flag=True, help="Check and price everything, keep nothing.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write every row not booked (CSV).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_command(
    file: Path, layout: str, tenant: str, customer: str, country: str, timezone: str, source: str, dry_run: bool,
    report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Book the calls of FILE (csv, csv.gz, Asterisk Master.csv).

    Stopped at any moment, the same command goes on where it stood. A row is never booked twice.
    """
    chosen = choose_layout(
        file, layout, tenant=tenant, customer=customer, country=country, timezone=timezone, source=source
    )

    async def work(settings: Settings) -> Summary:
        with _bar() as progress:
            return await run_import(
                file, chosen, source=source, by=Actor("operator", "import"), dry_run=dry_run, progress=progress
            )

    tell(with_database(work), dry_run=dry_run, report=report, as_json=as_json)


@calls.command("rejects")
@click.argument("run", type=click.UUID, required=False)
def rejects_command(run: UUID | None) -> None:
    """Print, as CSV, every row that an import did not book: of RUN, or of the latest import."""

    async def work(settings: Settings) -> list[Reject]:
        async with db.platform_unit("rows an import did not book", actor="operator:import"):
            return await runs.rejects(run or await runs.latest())

    writer = csv.writer(sys.stdout)
    writer.writerow(_REPORT)
    writer.writerows([_safe(value) for value in reject] for reject in with_database(work))


@calls.command("refused")
@click.option("--tenant", required=True, help="The reseller's slug.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
def refused_command(tenant: str, limit: int) -> None:
    """List calls that happened and are not booked, and why: each is somebody's task."""

    async def work(settings: Settings) -> list[Refusal]:
        async with db.platform_unit("calls that are not booked", actor="operator:console"):
            found = await tenant_by_slug(tenant)
        async with db.unit(found.id):
            return await open_refusals(found.id, limit=limit)

    for refusal in with_database(work):
        click.echo(
            f"{refusal.first_at:%Y-%m-%d %H:%M} UTC  {refusal.reason:20}  {refusal.source}/{refusal.external_id}"
        )


def choose_layout(
    file: Path, layout: str, *, tenant: str, source: str, customer: str = "", country: str = "", timezone: str = "UTC"
) -> Layout:
    """The layout asked for, or the one the first row looks like. Raises InvalidInput on columns that are missing."""
    opened = SourceFile(file)
    try:
        first = next(rows(opened), None)
    finally:
        opened.close()
    if first is None:
        raise InvalidInput(f"{file.name} is empty", code="unreadable_file")
    if (detect(first.fields) if layout == "auto" else layout) == "native":
        native = Native(first.fields, source=source, tenant=tenant)
        if native.missing:
            raise InvalidInput(f"{file.name}, line 1: no column {', '.join(native.missing)}", code="unreadable_file")
        return native
    if not tenant:
        raise InvalidInput("--tenant says whose calls these are", code="unreadable_file")
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput(f"--timezone: {timezone} is no zone") from error
    return Asterisk(tenant, zone, customer=customer, country=country, source=source)


class _bar:  # noqa: N801 - used as a function
    """A progress bar on the terminal; silent where nobody watches."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("reading")

    def __enter__(self) -> _bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, done: int, size: int, counts: Counter[str]) -> None:
        text = f"{counts['rows']:,} rows, {counts['booked']:,} booked"
        self._progress.update(self._task, completed=done, total=size, description=text)


def tell(summary: Summary, *, dry_run: bool, report: Path | None, as_json: bool) -> None:
    """Print what happened, and where the rows that were not booked can be read."""
    if report is not None:
        with report.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_REPORT)
            writer.writerows([_safe(value) for value in reject] for reject in summary.rejects)
    if as_json:
        click.echo(json.dumps(show(summary), indent=1))
        return
    counts = summary.counts
    done = "would be booked" if dry_run else "booked"
    click.echo(f"{counts['rows']:,} rows: {counts['booked']:,} {done} ({counts['unanswered']:,} unanswered)")
    for outcome in ("duplicate", "conflict", "refused"):
        if counts[outcome]:
            click.echo(f"  {counts[outcome]:,} {outcome}")
    for key in sorted(k for k in counts if k.startswith("refused:")):
        click.echo(f"    {counts[key]:,} {key.removeprefix('refused:')}")
    for reject in summary.rejects[:_SHOWN] if report is None else ():
        click.echo(f"  line {reject.line}: {reject.external_id or '(no id)'} {reject.reason} {reject.detail}".rstrip())
    if report is None and len(summary.rejects) > _SHOWN:
        click.echo(f"  … and {len(summary.rejects) - _SHOWN:,} more: --report FILE writes them all")
    elif report is not None:
        click.echo(f"  every row not booked: {report}")


def show(summary: Summary) -> dict[str, object]:
    """The summary as plain values."""
    return {
        "run": str(summary.run) if summary.run else None,
        "resumed": summary.resumed,
        "counts": dict(sorted(summary.counts.items())),
        "rejects": [reject._asdict() for reject in summary.rejects],
    }


def _safe(value: object) -> object:
    return sheet_cell(value) if isinstance(value, str) else value
