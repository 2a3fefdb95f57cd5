"""``python -m tests.benchmarks [run|compare]``."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import click

from askpro.postgres import LocalPostgres, unwinding

from . import report
from .bench import Bench, Size
from .compare import absolute, compare, read
from .house import build
from .measured import OtherRun, Sheet
from .scenarios import all_scenarios

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "bench-results.json"
DOCS = REPOSITORY / "docs" / "performance.md"
_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NAMES = [scenario.name for scenario in all_scenarios()]
_SERVER = {
    # Vacuum and analyze run between the measurements, so that nobody pays for what another has left behind.
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}


@click.group(invoke_without_command=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often all is measured.")
@click.option("--full", is_flag=True, help="Ten million rows for #6 instead of one.")
@click.option("--only", multiple=True, type=click.Choice(_NAMES), help="Only these.")
@click.option("--write-docs", is_flag=True, help="Put the table into docs/performance.md; needs --full and no --only.")
@click.option("--json", "path", type=_FILE, default=RESULTS, help="Where results go.")
@click.option("--folder", type=_FOLDER, default=Path("/var/tmp"), help="Where the database lies meanwhile.")
@click.pass_context
def main(
    context: click.Context,
    rounds: int,
    full: bool,
    only: tuple[str, ...],
    write_docs: bool,
    path: Path,
    folder: Path,
) -> None:
    """Measure. Ends with 1 when a goal was missed, and with a stack trace when money does not add up."""
    if context.invoked_subcommand is not None:
        return
    if write_docs and (not full or only or rounds < 3):
        raise click.UsageError("--write-docs takes a full run: --full, no --only, three rounds or more")
    size = replace(Size(), rows=10_000_000) if full else Size()
    root = Path(tempfile.mkdtemp(prefix="askpro-bench-", dir=folder))
    root.chmod(0o755)
    try:
        with unwinding(), LocalPostgres(root / "postgres", extra=_SERVER) as server:
            bench, facts = asyncio.run(_run(server, size, rounds, set(only) or set(_NAMES)))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    report.write_json(path, bench, facts)
    found = report.lines(bench.sheet)
    click.echo(f"\n{report.absolute_table(bench.sheet)}\n\n{report.table(found)}\n\nWritten to {path}.")
    if write_docs:
        DOCS.write_text(report.markdown(bench, facts), encoding="utf-8")
    sys.exit(1 if any(line.met is False for line in found) else 0)


async def _run(server: LocalPostgres, size: Size, rounds: int, chosen: set[str]) -> tuple[Bench, dict[str, Any]]:
    began = time.monotonic()

    def tell(text: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {text}", err=True)

    facts: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **report.machine()}
    connection = await asyncpg.connect(server.dsn())
    facts["postgres"] = await connection.fetchval("show server_version")
    await connection.close()
    tell("setting up resellers, prices and wallets")
    bench = Bench(await build(server), Sheet(uuid4().hex), size)
    facts["load before"] = os.getloadavg()[0]
    scenarios = [scenario for scenario in all_scenarios() if scenario.name in chosen]
    for scenario in scenarios:
        tell(f"{scenario.name}: preparing")
        await scenario.prepare(bench)
    for number in range(rounds):
        for scenario in scenarios:
            tell(f"{scenario.name}: round {number + 1} of {rounds}")
            await scenario.round(bench, number)
    for scenario in scenarios:
        await scenario.finish(bench)
    facts["load after"], facts["rounds"], facts["complete"] = os.getloadavg()[0], rounds, len(scenarios) == len(_NAMES)
    return bench, facts


@main.command("compare")
@click.argument("first", type=click.Path(exists=True, path_type=Path))
@click.argument("second", type=click.Path(exists=True, path_type=Path))
@click.option("--measured", help="Compare this absolute number: refused, unless both files are of one run.")
def compare_command(first: Path, second: Path, measured: str | None) -> None:
    """The ratios of two runs side by side. Times and costs of different runs are never compared."""
    one, other = read(first), read(second)
    if measured:
        try:
            click.echo(f"{absolute(one, measured) / absolute(other, measured):.3g}")
        except OtherRun as error:
            raise click.ClickException(str(error)) from error
        return
    for name, before, after in compare(one, other):
        cells = ["–" if value is None else f"{value:.3g}" for value in (before, after)]
        click.echo(f"{name:<60} {cells[0]:>10} {cells[1]:>10}")


if __name__ == "__main__":
    main()
