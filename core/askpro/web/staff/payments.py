"""Payments of all customers: found by state, period and name; one with everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response

from askpro.clock import day_bounds
from askpro.money import Money
from askpro.payments import queries
from askpro.payments.model import Order
from askpro.people.model import Customer
from askpro.people.queries import customer as read_customer
from askpro.web.portal.filters import PAGE, Cut, read_cut, read_page
from askpro.web.portal.frame import Link
from askpro.web.portal.sheets import bounded, cell, decimal, instant, sheet
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import badge, flag
from askpro.web.staff.names import customer_names, uuid_or_none
from askpro.web.staff.payment_views import PaymentRow, PaymentsPage
from askpro.web.staff.provider_facts import titles

__all__ = ("PATH", "as_csv", "index", "rows")

PATH = "/staff/payments"
_FLAGGED = "flagged"
_STATES = ("settled", "pending", "unknown", "declined", "expired", "new")
_STEP = 2_000


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/payments``; ``kind`` is a state or ``flagged``, ``customer`` one customer's id. Raises NotFound."""
    cut, whose = _cut(visit), await _whose(visit)
    page, pager = read_page(visit, cut)
    after = uuid_or_none(str(page.after)) if page.after else None
    found = await queries.orders(visit.tenant.id, before=after, limit=PAGE + 1, **_narrowed(visit, cut, whose))
    more, found = len(found) > PAGE, found[:PAGE]
    names = await customer_names(visit, {one.customer_id for one in found})
    currency = visit.tenant.currency
    paid = sum(one.gross.units for one in found if one.state == "settled" and one.gross.currency == currency)
    view = PaymentsPage(
        filter=cut.form(visit, _kinds(visit)),
        rows=rows(visit, found, names),
        pager=pager(len(found), str(found[-1].id) if more else None, None),
        csv_url=cut.url(f"{PATH}.csv"),
        page_sum=Money(paid, currency),
        whose=Link(whose.name, f"/staff/customers/{whose.id}") if whose else None,
    )
    return visit.page("staff/payments.html", view, "payments")


async def as_csv(visit: Visit) -> Response[bytes]:
    """``GET /staff/payments.csv``. Raises NotFound, and InvalidInput when there are more than ``sheets.MOST``."""
    cut, whose = _cut(visit), await _whose(visit)
    lines: list[list[str]] = []
    before: UUID | None = None
    while True:
        found = await queries.orders(visit.tenant.id, before=before, limit=_STEP, **_narrowed(visit, cut, whose))
        names = await customer_names(visit, {one.customer_id for one in found})
        lines += [_line(visit, one, names[one.customer_id]) for one in found]
        if len(found) < _STEP:
            break
        bounded(lines)
        before = found[-1].id
    head = ["time", "reference", "customer", "name", "state", "reason", "flag", "provider", "method", "origin", "net",
            "tax", "gross", "currency", "paid", "id"]  # fmt: skip
    return sheet(visit, cut, "payments", head, lines)


def _line(visit: Visit, one: Order, customer: Customer) -> list[str]:
    amounts = [decimal(visit, amount) for amount in (one.net, one.tax, one.gross)]
    return [instant(visit, one.created_at), cell(one.reference), cell(customer.number), cell(customer.name), one.state,
            cell(one.reason), one.flag, one.provider, cell(one.method), one.origin, *amounts, one.net.currency,
            instant(visit, one.settled_at), str(one.id)]  # fmt: skip


def rows(visit: Visit, found: Iterable[Order], names: Mapping[UUID, Customer]) -> tuple[PaymentRow, ...]:
    """Orders as lines of a table."""
    called = titles(visit)
    return tuple(
        PaymentRow(one.reference, names[one.customer_id].name, f"{PATH}/{one.id}", one.created_at,
                   badge("order", one.state), one.gross, _how(visit, one, called),
                   visit.gettext(flag(one.flag)) if one.flag and one.state != "settled" else "")
        for one in found
    )  # fmt: skip


def _how(visit: Visit, one: Order, called: Mapping[str, str]) -> str:
    """What paid, and whether nobody was there."""
    _ = visit.gettext
    auto = _("automatic top-up") if one.origin == "auto" else ""
    return " · ".join(part for part in (one.method or called.get(one.provider, one.provider), auto) if part)


def _cut(visit: Visit) -> Cut:
    whose = visit.query("customer", 36)
    kept = (("customer", whose),) if uuid_or_none(whose) else ()
    return read_cut(visit, PATH, (*_STATES, _FLAGGED), kept=kept)


async def _whose(visit: Visit) -> Customer | None:
    asked = uuid_or_none(visit.query("customer", 36))
    return await read_customer(visit.tenant.id, asked) if asked else None


def _kinds(visit: Visit) -> Mapping[str, str]:
    _ = visit.gettext
    states = {name: _(badge("order", name).label) for name in _STATES}
    return {"": _("All"), _FLAGGED: _("To be looked at"), **states}


def _narrowed(visit: Visit, cut: Cut, whose: Customer | None) -> dict[str, Any]:
    def edge(day: Any, which: int) -> datetime | None:
        return day_bounds(day, visit.tenant.timezone)[which] if day else None

    return {
        "customer": whose.id if whose else None,
        "states": (cut.kind,) if cut.kind in _STATES else (),
        "flagged": cut.kind == _FLAGGED,
        "q": cut.q.replace("\0", ""),
        "since": edge(cut.start, 0),
        "until": edge(cut.end, 1),
    }
