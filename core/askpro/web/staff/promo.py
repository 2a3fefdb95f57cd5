"""Giving bonus credit: form, check, grant. Nothing moves before the last button, and beyond a limit not even then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from litestar import Response

from askpro import clock, db
from askpro.errors import Conflict, InvalidInput
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.people import queries
from askpro.people.model import Customer
from askpro.wallets import promo
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry, fresh_key
from askpro.web.staff.second import alone_of, limit_note
from askpro.web.staff.views import PromoCheckPage, PromoPage

__all__ = ("check", "form", "grant")

_FIELDS = ("amount", "expires", "reason")


async def form(visit: Visit) -> Response[bytes]:
    """``GET /staff/customers/{customer}/promo``. Raises NotFound."""
    return await _form(visit, await _customer(visit), {})


async def check(visit: Visit) -> Response[bytes]:
    """``POST …/promo/check``: the check page, or back to the form with what is wrong. Raises NotFound."""
    customer, sent = await _customer(visit), await visit.form()
    entry = Entry(visit, sent)
    amount, day = _read(entry, customer)
    if amount is None or entry.errors or sent.get("change"):
        return await _form(visit, customer, sent, entry if not sent.get("change") else None)
    async with db.unit(visit.tenant.id):
        purse = await wallet(visit.tenant.id, customer.wallet_id)
    page = PromoCheckPage(
        action=f"{_url(customer)}/grant",
        back_url=f"{_url(customer)}/check",
        customer=customer.name,
        amount=amount,
        expires=visit.reader.date(day) if day else "",
        reason=entry.text("reason"),
        before=Money(purse.available, purse.currency),
        after=Money(purse.available + amount.units, purse.currency),
        second=amount > await alone_of(visit, customer),
        idempotency_key=fresh_key(),
        fields=tuple((name, sent.get(name, "")) for name in _FIELDS),
    )
    return visit.page("staff/promo_check.html", page, "customers")


async def grant(visit: Visit) -> Response[bytes]:
    """``POST …/promo/grant``: once for each check page; given, or waiting for somebody else. Raises NotFound."""
    customer, sent = await _customer(visit), await visit.form()
    entry = Entry(visit, sent)
    amount, day = _read(entry, customer)
    if amount is not None and not entry.errors:
        try:
            made = await promo.grant(
                visit.tenant,
                customer,
                amount,
                expires_at=promo.end_of(day, visit.tenant.timezone) if day else None,
                reason=entry.text("reason"),
                idempotency=entry.key(),
                by=visit.actor,
            )
        except (InvalidInput, Conflict) as error:
            entry.refused(error, "amount")
        else:
            if made.state != "granted":
                return visit.redirect(f"/staff/adjustments/{made.id}", done=made.state)
            return visit.redirect(f"/staff/customers/{customer.id}", done="promo")
    return await _form(visit, customer, sent, entry)


def _read(entry: Entry, customer: Customer) -> tuple[Money | None, date | None]:
    amount, day, text = entry.amount("amount", customer.currency), None, entry.text("expires", 10)
    entry.reason()
    if text:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            entry.wrong("expires", entry.visit.gettext("Please enter a date."))
        else:
            if not _tomorrow(entry.visit) <= day <= _tomorrow(entry.visit) + timedelta(days=3660):
                entry.wrong("expires", entry.visit.gettext("Please choose a day to come, at most ten years away."))
    return amount, day


async def _form(
    visit: Visit, customer: Customer, sent: Mapping[str, str], entry: Entry | None = None
) -> Response[bytes]:
    errors = tuple(entry.errors) if entry is not None else ()
    page = PromoPage(
        action=f"{_url(customer)}/check",
        back_url=f"/staff/customers/{customer.id}",
        customer=customer.name,
        currency=customer.currency,
        earliest=_tomorrow(visit).isoformat(),
        limit_note=await limit_note(visit, customer),
        amount=sent.get("amount", ""),
        expires=sent.get("expires", ""),
        reason=sent.get("reason", ""),
        errors=errors,
    )
    return visit.page("staff/promo.html", page, "customers", status=422 if errors else 200)


def _tomorrow(visit: Visit) -> date:
    return clock.civil_day(clock.now(), visit.tenant.timezone) + timedelta(days=1)


def _url(customer: Customer) -> str:
    return f"/staff/customers/{customer.id}/promo"


async def _customer(visit: Visit) -> Customer:
    identifier: UUID = visit.request.path_params["customer"]
    return await queries.customer(visit.tenant.id, identifier)
