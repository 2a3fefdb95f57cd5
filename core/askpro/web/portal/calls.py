"""Calls, and how the price of each came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
import structlog
from litestar import Response

from askpro import db
from askpro.errors import Conflict
from askpro.money import Money
from askpro.tariffs.explain import Step, render
from askpro.tariffs.recompute import Explained, recompute
from askpro.wallets import queries as wallets
from askpro.wallets.model import CallLine
from askpro.web.portal.filters import PAGE, Cut, read_cut, read_page
from askpro.web.portal.views import CallPage, CallRow, CallsPage, PriceStep
from askpro.web.portal.visit import Visit

__all__ = ("DIRECTIONS", "PATH", "explain", "kinds", "narrowed", "row", "show")

log = structlog.get_logger("askpro.web.portal")

PATH = "/calls"
DIRECTIONS = ("inbound", "outbound")
_ADDENDS = frozenset({"connect", "per_call", "minutes", "minutes_discounted", "item"})
_MS = timedelta(milliseconds=1)


def kinds(visit: Visit) -> Mapping[str, str]:
    """What can be chosen."""
    _ = visit.gettext
    return {"": _("All"), "inbound": _("Incoming calls"), "outbound": _("Outgoing calls")}


def narrowed(cut: Cut) -> dict[str, Any]:
    """A cut as ``wallets.queries`` takes it."""
    outbound = None if not cut.kind else cut.kind == "outbound"
    return {"since": cut.start, "until": cut.until, "outbound": outbound, "number": cut.q}


async def show(visit: Visit) -> Response[bytes]:
    """``GET /calls``."""
    cut = read_cut(visit, PATH, DIRECTIONS)
    page, pager = read_page(visit, cut)
    tenant, wallet, currency = visit.tenant.id, visit.customer.wallet_id, visit.customer.currency
    total = None
    async with db.unit(tenant):
        before = msgspec.convert(page.after, tuple[datetime, UUID], strict=False) if page.after else None
        lines = await wallets.calls(tenant, wallet, before=before, limit=PAGE + 1, **narrowed(cut))
        more, lines = len(lines) > PAGE, lines[:PAGE]
        if page.skipped or more:
            total = await wallets.call_totals(tenant, wallet, **narrowed(cut))
    last = (lines[-1].began_at, lines[-1].id) if more else None
    view = CallsPage(
        filter=cut.form(visit, kinds(visit)),
        rows=tuple(row(visit, line) for line in lines),
        pager=pager(len(lines), last, total.count if total else None),
        csv_url=cut.url(f"{PATH}.csv"),
        page_sum=Money(sum(line.price for line in lines), currency),
        total_sum=Money(total.units, currency) if total else None,
    )
    return visit.page("calls.html", view, "calls")


def row(visit: Visit, line: CallLine) -> CallRow:
    """A line of the list."""
    return CallRow(
        f"{PATH}/{line.id}", _direction(line), line.number or visit.gettext("Number withheld"), line.began_at,
        line.seconds, _state(line), Money(line.price, visit.customer.currency),
    )  # fmt: skip


async def explain(visit: Visit) -> Response[bytes]:
    """``GET /calls/{id}``: the price, computed again from the stored price lists. Raises NotFound."""
    tenant = visit.tenant.id
    async with db.unit(tenant):
        line = await wallets.call(tenant, visit.customer.wallet_id, visit.request.path_params["call"])
        tariff, steps = await _steps(visit, line)
    answered = line.began_at + line.ring_ms * _MS if line.talk_ms is not None else None
    total = Money(line.price, visit.customer.currency)
    facts: list[tuple[str, str]] = []
    if line.overrun:
        missing = visit.reader.exact(Money(line.overrun, total.currency))
        facts.append((visit.gettext("Not covered by your credit"), missing))
    view = CallPage(
        direction=_direction(line),
        number=line.number or visit.gettext("Number withheld"),
        began_at=line.began_at,
        seconds=line.seconds,
        billed_seconds=line.billed,
        state=_state(line),
        tariff=tariff,
        steps=steps,
        total=total,
        reference=line.external_id,
        back_url=PATH,
        answered_at=answered,
        facts=tuple(facts),
    )
    return visit.page("call.html", view, "calls")


async def _steps(visit: Visit, line: CallLine) -> tuple[str, tuple[PriceStep, ...]]:
    """Price list and steps in words; without a way to recompute the page says so and shows what was booked."""
    try:
        found = await recompute(visit.tenant.id, line.id)
    except Conflict as error:
        if error.code != "number_erased":
            log.error("a stored price cannot be recomputed", call=str(line.id), code=error.code, detail=error.detail)
            return "–", (PriceStep(visit.gettext("The steps cannot be shown right now. Please contact us.")),)
        return "–", (PriceStep(visit.gettext("The number called has been erased, so the steps cannot be shown.")),)
    if found.retail is None:
        return "–", (PriceStep(visit.gettext("Nobody answered: this call costs nothing.")),)
    return _tariff(visit, found), tuple(_step(visit, step, found.currency) for step in found.steps if _told(step))


def _told(step: Step) -> bool:
    return step.kind != "price"  # it stands below the table


def _step(visit: Visit, step: Step, currency: str) -> PriceStep:
    amount = step.params.get("amount") if step.kind in _ADDENDS else None
    units = Money(int(Decimal(amount).scaleb(6)), currency) if isinstance(amount, Decimal) else None
    return PriceStep(render(step, visit.gettext, lambda value: _number(visit, value)), amount=units)


def _number(visit: Visit, value: int | Decimal) -> str:
    """With as many decimals as it has, up to eight: prices are finer than coins."""
    digits = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
    return visit.reader.number(value, digits=min(8, digits))


def _tariff(visit: Visit, found: Explained) -> str:
    day = visit.reader.date(found.began_at)
    return visit.gettext("valid on %(day)s") % {"day": day}


def _direction(line: CallLine) -> Literal["inbound", "outbound"]:
    return "outbound" if line.outbound else "inbound"


def _state(line: CallLine) -> str:
    if line.talk_ms is None:
        return "unanswered"
    return "overrun" if line.overrun else "completed"
