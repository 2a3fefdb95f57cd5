"""The ledger as the customer sees it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import Response

from askpro import db
from askpro.money import Money
from askpro.wallets import queries as wallets
from askpro.web.portal.filters import PAGE, read_cut, read_page
from askpro.web.portal.ledger_rows import KINDS, Position, ledger_kinds, rows
from askpro.web.portal.views import TransactionsPage
from askpro.web.portal.visit import Visit

__all__ = ("PATH", "kinds", "show")

PATH = "/transactions"


def kinds(visit: Visit) -> Mapping[str, str]:
    """What can be chosen."""
    _ = visit.gettext
    return {"": _("All"), "topup": _("Top-ups"), "calls": _("Calls"), "other": _("Other")}


async def show(visit: Visit) -> Response[bytes]:
    """``GET /transactions``."""
    cut = read_cut(visit, PATH, tuple(KINDS))
    page, pager = read_page(visit, cut)
    currency, total = visit.customer.currency, None
    async with db.unit(visit.tenant.id):
        after = msgspec.convert(page.after, Position, strict=False) if page.after else None
        found = await rows(visit, cut, after=after, limit=PAGE)
        if page.skipped or found.last:
            total = await wallets.statement_totals(
                visit.tenant.id, visit.customer.wallet_id, since=cut.start, until=cut.until,
                kinds=ledger_kinds(cut.kind),
            )  # fmt: skip
    view = TransactionsPage(
        filter=cut.form(visit, kinds(visit)),
        rows=found.shown,
        pager=pager(found.bookings, found.last, total.count if total else None),
        csv_url=cut.url(f"{PATH}.csv"),
        page_sum=Money(found.booked, currency),
        total_sum=Money(total.units, currency) if total else None,
    )
    return visit.page("transactions.html", view, "transactions")
