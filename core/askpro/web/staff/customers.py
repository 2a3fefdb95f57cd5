"""Customers with their balances, to be found by number, name or e-mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.ledger.queries import Wallet, wallets
from askpro.money import Money
from askpro.payments.attention import paused_customers
from askpro.people import queries
from askpro.people.model import Customer
from askpro.web.portal.filters import PAGE, Cut, read_cut, read_page
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import badge
from askpro.web.staff.names import customer_names
from askpro.web.staff.views import CustomerRow, CustomersPage
from askpro.web.theme.labels import Badge

__all__ = ("PATH", "index", "standing")

PATH = "/staff/customers"
_PAUSED = "paused"
_STATES = ("active", "suspended", "closed")


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/customers``; ``kind`` is a state, or ``paused``: whose automatic top-up has stopped."""
    cut = read_cut(visit, PATH, (*_STATES, _PAUSED))
    page, pager = read_page(visit, cut)
    found, last = await _found(visit, cut, str(page.after or ""))
    async with db.unit(visit.tenant.id):
        purses = await wallets(visit.tenant.id, [one.wallet_id for one in found])
    view = CustomersPage(
        filter=cut.form(visit, _kinds(visit), dated=False),
        rows=tuple(_rows(found, purses)),
        pager=pager(len(found), last, None),
    )
    return visit.page("staff/customers.html", view, "customers")


async def _found(visit: Visit, cut: Cut, after: str) -> tuple[list[Customer], str | None]:
    if cut.kind != _PAUSED:
        page = await queries.customers(visit.tenant.id, search=cut.q, status=cut.kind, after=after, limit=PAGE)
        return list(page.items), page.cursor
    stopped, _, wallet = after.partition("/")
    before = (datetime.fromisoformat(stopped), UUID(wallet)) if wallet else None
    q = cut.q.replace("\0", "")
    rows = await paused_customers(visit.tenant.id, q=q, before=before, limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    known = await customer_names(visit, [customer for customer, _at, _wallet in rows])
    last = f"{rows[-1][1].isoformat()}/{rows[-1][2]}" if more else None
    return [known[customer] for customer, _at, _wallet in rows], last


def _kinds(visit: Visit) -> Mapping[str, str]:
    _ = visit.gettext
    states = {name: _(badge("customer", name).label) for name in _STATES}
    return {"": _("All"), **states, _PAUSED: _("Automatic top-up paused")}


def _rows(found: Iterable[Customer], purses: Mapping[UUID, Wallet]) -> Iterable[CustomerRow]:
    for one in found:
        purse = purses[one.wallet_id]
        yield CustomerRow(
            one.number, one.name, one.email, f"{PATH}/{one.id}", standing(one, frozen=purse.frozen),
            Money(purse.available, purse.currency),
        )  # fmt: skip


def standing(customer: Customer, *, frozen: bool) -> Badge:
    """How a customer stands: what stops the calls comes first."""
    return badge("customer", "frozen" if frozen and customer.status == "active" else customer.status)
