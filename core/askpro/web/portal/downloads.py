"""The lists as CSV, narrowed down like the page one comes from. What people wrote never becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.clock import zone
from askpro.errors import N_, InvalidInput
from askpro.ledger.queries import statement
from askpro.money import Money
from askpro.wallets import queries as wallets
from askpro.web.portal import calls as call_pages
from askpro.web.portal import transactions as transaction_pages
from askpro.web.portal.filters import Cut, read_cut
from askpro.web.portal.ledger_rows import KINDS, ledger_kinds
from askpro.web.portal.visit import Visit

__all__ = ("MOST", "calls_csv", "cell", "transactions_csv")

MOST = 20_000
"""Rows of one download; a narrower period gives the rest."""
_STEP = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    """A text no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


async def transactions_csv(visit: Visit) -> Response[bytes]:
    """``GET /transactions.csv``: booked lines only. Raises InvalidInput when there are more than ``MOST``."""
    cut = read_cut(visit, transaction_pages.PATH, tuple(KINDS))
    tenant, wallet, currency = visit.tenant.id, visit.customer.wallet_id, visit.customer.currency
    lines: list[list[str]] = []
    before = None
    async with db.unit(tenant):
        while True:
            found = await statement(
                tenant, wallet, limit=_STEP, before=before, since=cut.start, until=cut.until,
                kinds=ledger_kinds(cut.kind),
            )  # fmt: skip
            for line in found:
                amounts = [_decimal(visit, Money(units, currency)) for units in (line.amount, line.balance)]
                lines.append([_instant(visit, line.occurred_at), line.day.isoformat(), cell(line.kind), str(line.calls),
                              cell(line.reason), *amounts, currency, str(line.id)])  # fmt: skip
            if len(found) < _STEP:
                break
            _bounded(lines)
            before = (found[-1].seq, found[-1].day, found[-1].id)
    head = ["time", "day", "kind", "calls", "reference", "amount", "balance", "currency", "id"]
    return _file(visit, cut, "transactions", head, lines)


async def calls_csv(visit: Visit) -> Response[bytes]:
    """``GET /calls.csv``. Raises InvalidInput when there are more than ``MOST``."""
    cut = read_cut(visit, call_pages.PATH, call_pages.DIRECTIONS)
    tenant, wallet, currency = visit.tenant.id, visit.customer.wallet_id, visit.customer.currency
    lines: list[list[str]] = []
    before: tuple[datetime, UUID] | None = None
    async with db.unit(tenant):
        while True:
            found = await wallets.calls(tenant, wallet, before=before, limit=_STEP, **call_pages.narrowed(cut))
            for line in found:
                direction = "outbound" if line.outbound else "inbound"
                price = _decimal(visit, Money(line.price, currency))
                lines.append([_instant(visit, line.began_at), direction, cell(line.number), str(line.seconds),
                              str(line.billed), price, currency, cell(line.external_id)])  # fmt: skip
            if len(found) < _STEP:
                break
            _bounded(lines)
            before = (found[-1].began_at, found[-1].id)
    head = ["time", "direction", "number", "seconds", "billed_seconds", "price", "currency", "reference"]
    return _file(visit, cut, "calls", head, lines)


def _bounded(lines: list[list[str]]) -> None:
    if len(lines) >= MOST:
        raise InvalidInput(title=N_("This is too much for one file. Please choose a shorter period."), field="start")


def _instant(visit: Visit, at: datetime) -> str:
    return at.astimezone(zone(visit.tenant.timezone)).isoformat(sep=" ", timespec="seconds")


def _decimal(visit: Visit, amount: Money) -> str:
    """A plain number with all six decimals, written as the reader's spreadsheet reads numbers."""
    return f"{amount.decimal:.6f}".replace(".", visit.reader.decimal_separator)


def _file(visit: Visit, cut: Cut, name: str, head: list[str], lines: Iterable[list[str]]) -> Response[bytes]:
    text = io.StringIO()
    # where a comma stands in numbers, spreadsheets expect semicolons between cells
    writer = csv.writer(text, delimiter=";" if visit.reader.decimal_separator == "," else ",", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(lines)
    period = "_".join(day.isoformat() for day in (cut.start, cut.end) if day)
    stem = "-".join(part for part in (visit.tenant.slug, name, period) if part)
    return Response(
        b"\xef\xbb\xbf" + text.getvalue().encode(),  # without the mark Excel takes UTF-8 for something else
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{stem}.csv"'},
    )
