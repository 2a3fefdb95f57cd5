"""A list as a CSV file that opens in the reader's spreadsheet. What people wrote never becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sized
from datetime import datetime

from litestar import Response

from askpro.clock import zone
from askpro.errors import N_, InvalidInput
from askpro.money import Money
from askpro.sdk.sheets import sheet_cell as cell
from askpro.web.portal.filters import Cut
from askpro.web.portal.visit import Visit

__all__ = ("MOST", "bounded", "cell", "decimal", "instant", "sheet")

MOST = 20_000
"""Rows of one download; a narrower period gives the rest."""


def bounded(lines: Sized) -> None:
    """Raises InvalidInput when there are ``MOST`` already."""
    if len(lines) >= MOST:
        raise InvalidInput(title=N_("This is too much for one file. Please choose a shorter period."), field="start")


def instant(visit: Visit, at: datetime | None) -> str:
    """By the clocks of the house; empty for what has not happened."""
    return at.astimezone(zone(visit.tenant.timezone)).isoformat(sep=" ", timespec="seconds") if at else ""


def decimal(visit: Visit, amount: Money) -> str:
    """A plain number with all six decimals, written as the reader's spreadsheet reads numbers."""
    return f"{amount.decimal:.6f}".replace(".", visit.reader.decimal_separator)


def sheet(visit: Visit, cut: Cut, name: str, head: list[str], lines: Iterable[list[str]]) -> Response[bytes]:
    """The file: ``<house>-<name>-<period>.csv``."""
    text = io.StringIO()
    # where a comma stands in numbers, spreadsheets expect semicolons between cells
    writer = csv.writer(text, delimiter=";" if visit.reader.decimal_separator == "," else ",", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(lines)
    period = "_".join(day.isoformat() for day in (cut.start, cut.end) if day)
    stem = "-".join(part for part in (visit.tenant.slug, name, period) if part)
    return Response(
        b"\xef\xbb\xbf" + text.getvalue().encode(),  # without the mark Excel takes UTF-8 for something else
        media_type="text/csv",  # the framework adds the charset
        headers={"Content-Disposition": f'attachment; filename="{stem}.csv"'},
    )
