"""The customer's lists as CSV, narrowed down like the page one comes from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.ledger.queries import statement
from askpro.money import Money
from askpro.wallets import queries as wallets
from askpro.web.portal import calls as call_pages
from askpro.web.portal import transactions as transaction_pages
from askpro.web.portal.filters import read_cut
from askpro.web.portal.ledger_rows import KINDS, ledger_kinds
from askpro.web.portal.sheets import bounded, cell, decimal, instant, sheet
from askpro.web.portal.visit import Visit

__all__ = ("calls_csv", "transactions_csv")

_STEP = 2_000


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
                amounts = [decimal(visit, Money(units, currency)) for units in (line.amount, line.balance)]
                lines.append([instant(visit, line.occurred_at), line.day.isoformat(), cell(line.kind), str(line.calls),
                              cell(line.reason), *amounts, currency, str(line.id)])  # fmt: skip
            if len(found) < _STEP:
                break
            bounded(lines)
            before = (found[-1].seq, found[-1].day, found[-1].id)
    head = ["time", "day", "kind", "calls", "reference", "amount", "balance", "currency", "id"]
    return sheet(visit, cut, "transactions", head, lines)


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
                price = decimal(visit, Money(line.price, currency))
                lines.append([instant(visit, line.began_at), direction, cell(line.number), str(line.seconds),
                              str(line.billed), price, currency, cell(line.external_id)])  # fmt: skip
            if len(found) < _STEP:
                break
            bounded(lines)
            before = (found[-1].began_at, found[-1].id)
    head = ["time", "direction", "number", "seconds", "billed_seconds", "price", "currency", "reference"]
    return sheet(visit, cut, "calls", head, lines)
