"""The first room: balance, costs, latest transactions. One section that fails does not take the others along."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import structlog
from litestar import Response

from askpro import clock
from askpro.money import Money, allocate, round_to_minor
from askpro.payments.providers import minor_digits
from askpro.wallets import queries as wallets
from askpro.wallets.model import Costs as Figures
from askpro.wallets.model import days_left
from askpro.web import charts
from askpro.web.portal.frame import Option
from askpro.web.portal.glance import glance
from askpro.web.portal.ledger_rows import merged
from askpro.web.portal.offers import offer_of
from askpro.web.portal.views import Costs, OverviewPage
from askpro.web.portal.visit import Visit

__all__ = ("PERIODS", "show")

log = structlog.get_logger("askpro.web.portal")

PERIODS = (7, 30, 90)
_RECENT = 8
_PARTS = 5
_PATIENCE = 3.0
"""Seconds for the costs; after that the page goes out without them."""


async def show(visit: Visit) -> Response[bytes]:
    """``GET /``; ``days`` chooses the period of the chart. Staff begin elsewhere."""
    if visit.visitor.role != "customer":
        return visit.redirect(visit.home)
    customer = visit.customer
    offer = await offer_of(visit, glance=True)
    asked = visit.query("days", 3)
    days = int(asked) if asked in map(str, PERIODS) else 30
    tomorrow = clock.civil_day(clock.now(), visit.tenant.timezone) + timedelta(days=1)
    seen = await glance(visit.tenant.id, customer.wallet_id, _RECENT)
    purse = seen.wallet
    figures = await _figures(visit, tomorrow - timedelta(days=days), tomorrow)
    left = days_left(purse.available, figures, low=seen.low_balance) if figures is not None else None
    view = OverviewPage(
        greeting_name=visit.person.name or customer.name,
        available=Money(purse.available, purse.currency),
        held=Money(purse.held, purse.currency),
        topup=offer.form() if offer else None,
        costs=_costs(visit, figures, days) if figures is not None else None,
        recent=merged(visit, seen.lines, seen.orders, seen.paid)[:_RECENT],
        transactions_url="/transactions",
        topup_url="/topup" if offer else "",
        days_left=left,
        frozen=purse.frozen,
    )
    return visit.page("overview.html", view, "overview")


async def _figures(visit: Visit, since: date, until: date) -> Figures | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await wallets.costs(visit.tenant.id, visit.customer.wallet_id, since, until)
    except TimeoutError:
        log.warning("costs took too long", customer=str(visit.customer.id))
        return None


def _costs(visit: Visit, figures: Figures, days: int) -> Costs:
    reader, currency = visit.reader, visit.customer.currency
    points = [(reader.day(day), reader.date(day), Money(units, currency)) for day, units in figures.days.items()]
    dearest = max(figures.days.items(), key=lambda item: item[1], default=None)
    title = reader.ngettext("Last %(num)s day", "Last %(num)s days", days) % {"num": days}
    periods = tuple(
        Option(reader.ngettext("%(num)s day", "%(num)s days", n) % {"num": n}, url=f"/?days={n}", current=n == days)
        for n in PERIODS
    )
    return Costs(
        title=title,
        total=Money(figures.total, currency),
        days=charts.bars(points, currency),
        parts=charts.stack([(kind, Money(units, currency)) for kind, units in _parts(figures, currency)], currency),
        periods=periods,
        dearest_day=reader.day(dearest[0]) if dearest and dearest[1] else "",
        dearest=Money(dearest[1], currency) if dearest and dearest[1] else None,
    )


def _parts(figures: Figures, currency: str) -> list[tuple[str, int]]:
    """The largest kinds, in coins that add up to the total shown; what is beyond five is summed up."""
    ranked = sorted(figures.parts.items(), key=lambda item: -item[1])
    if len(ranked) > _PARTS:
        ranked = [*ranked[: _PARTS - 1], ("other", sum(units for _, units in ranked[_PARTS - 1 :]))]
    if not ranked:
        return []
    digits = minor_digits(currency)
    coin = 10 ** (6 - digits)
    coins = allocate(round_to_minor(figures.total, digits) // coin, [units for _, units in ranked])
    return [(kind, count * coin) for (kind, _), count in zip(ranked, coins, strict=True)]
