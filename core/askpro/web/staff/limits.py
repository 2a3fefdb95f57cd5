"""Limits on calls and spending: of one customer, and of all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from litestar import Response

from askpro.calls.control import standing
from askpro.calls.control.limits import Caps, set_caps
from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.people import queries
from askpro.people.model import Customer
from askpro.web import typed_money
from askpro.web.portal.frame import Notice
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry
from askpro.web.staff.limit_views import LimitFields, LimitsPage, PeriodFields, uses

__all__ = ("of_customer", "own", "save_customer", "save_own")

_COUNTS = ("concurrent", "per_second", "longest")
_PERIODS = ("day", "week", "month")
_MOST_COUNT, _MOST_MONEY = 1_000_000, 10**15
_WHOLE = re.compile(r"[0-9]{1,7}", re.ASCII)


async def own(visit: Visit) -> Response[bytes]:
    """``GET /staff/limits``: the reseller's own."""
    return await _form(visit, None)


async def save_own(visit: Visit) -> Response[bytes]:
    """``POST /staff/limits``."""
    return await _save(visit, None)


async def of_customer(visit: Visit) -> Response[bytes]:
    """``GET /staff/customers/{customer}/limits``. Raises NotFound."""
    return await _form(visit, await _customer(visit))


async def save_customer(visit: Visit) -> Response[bytes]:
    """``POST /staff/customers/{customer}/limits``. Raises NotFound."""
    return await _save(visit, await _customer(visit))


async def _save(visit: Visit, customer: Customer | None) -> Response[bytes]:
    sent = await visit.form()
    entry = Entry(visit, sent)
    caps = _read(entry, customer.currency if customer else visit.tenant.currency)
    if not entry.errors:
        try:
            if customer is None:
                await set_caps(visit.tenant.id, "reseller", "", caps, by=visit.actor)
            else:
                await set_caps(visit.tenant.id, "customer", customer.id, caps, by=visit.actor)
        except InvalidInput as error:
            entry.refused(error, "concurrent")
        else:
            return visit.redirect(_back(customer), done="limits")
    return await _form(visit, customer, sent, entry)


def _read(entry: Entry, currency: str) -> Caps:
    """What was typed; a blank is no limit. What is wrong stands in the entry."""
    _ = entry.visit.gettext
    found = {name: _count(entry, name, least=1 if name == "longest" else 0) for name in _COUNTS}
    for period in _PERIODS:
        soft, hard = (_amount(entry, f"{period}_{kind}", currency) for kind in ("soft", "hard"))
        if soft is not None and hard is not None and soft > hard:
            entry.wrong(f"{period}_soft", _("The notice must not lie above the stop."))
        found |= {f"{period}_soft": soft, f"{period}_hard": hard}
    return Caps(**found)


def _count(entry: Entry, name: str, *, least: int) -> int | None:
    text = entry.text(name, 40)
    if not text:
        return None
    count = int(text) if _WHOLE.fullmatch(text) else -1
    if not least <= count <= _MOST_COUNT:
        entry.wrong(name, entry.visit.gettext("Please enter a whole number, or leave the field empty."))
        return None
    return count


def _amount(entry: Entry, name: str, currency: str) -> int | None:
    _, text = entry.visit.gettext, entry.text(name, 40)
    if not text:
        return None
    try:
        units = typed_money.read(entry.visit.reader, text, currency).units
    except InvalidInput as error:
        fine = error.code == "amount_too_fine"
        entry.wrong(
            name, _("This amount has too many decimals") if fine else _("Enter an amount, or leave the field empty")
        )
        return None
    if units >= _MOST_MONEY:
        entry.wrong(name, _("This amount is too large"))
        return None
    return units


async def _form(
    visit: Visit, customer: Customer | None, sent: Mapping[str, str] | None = None, entry: Entry | None = None
) -> Response[bytes]:
    if customer is None:
        stands = await standing.of_reseller(visit.tenant)
    else:
        stands = await standing.of_customer(visit.tenant, customer)
    errors = tuple(entry.errors) if entry is not None else ()
    page = LimitsPage(
        action=f"/staff/customers/{customer.id}/limits" if customer else "/staff/limits",
        back_url=f"/staff/customers/{customer.id}" if customer else "",
        customer=customer.name if customer else "",
        symbol=visit.reader.symbol(stands.currency),
        currency=stands.currency,
        uses=uses(visit, stands),
        fields=_fields(visit, sent if sent is not None else _kept(visit, stands.caps, stands.currency)),
        errors=errors,
    )
    saved = visit.gettext("The limits have been saved. They hold from the next call on.")
    notices = [Notice("ok", saved)] if visit.query("done", 10) == "limits" and not errors else []
    room = "customers" if customer else "limits"
    return visit.page("staff/limits.html", page, room, status=422 if errors else 200, notices=notices)


def _fields(visit: Visit, typed: Mapping[str, str]) -> LimitFields:
    _ = visit.gettext

    def value(name: str) -> tuple[str, str]:
        return name, typed.get(name, "")[:40]

    legends = {"day": _("Each day"), "week": _("Each week, from Monday"), "month": _("Each month")}
    periods = tuple(PeriodFields(text, value(f"{one}_soft"), value(f"{one}_hard")) for one, text in legends.items())
    concurrent, per_second, longest = (value(name)[1] for name in _COUNTS)
    return LimitFields(concurrent, per_second, longest, periods)


def _kept(visit: Visit, caps: Caps, currency: str) -> dict[str, str]:
    """What holds, as its reader would type it."""
    found = {}
    for name in Caps.__struct_fields__:
        cap = getattr(caps, name)
        if cap is not None:
            found[name] = str(cap) if name in _COUNTS else typed_money.written(visit.reader, Money(cap, currency))
    return found


def _back(customer: Customer | None) -> str:
    return f"/staff/customers/{customer.id}" if customer else "/staff/limits"


async def _customer(visit: Visit) -> Customer:
    identifier: UUID = visit.request.path_params["customer"]
    return await queries.customer(visit.tenant.id, identifier)
