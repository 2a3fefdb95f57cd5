"""What a customer wants to be told: below which balances, and of what else there is mail."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response

from askpro import db
from askpro.errors import InvalidInput
from askpro.ledger.queries import wallet
from askpro.messages import preferences
from askpro.messages.kinds import OPTIONAL
from askpro.money import Money
from askpro.wallets import queries
from askpro.wallets.service import MOST, THRESHOLDS, set_notices
from askpro.web import typed_money
from askpro.web.portal.frame import FieldError, Notice, Option
from askpro.web.portal.views import NotificationsPage
from askpro.web.portal.visit import Visit

__all__ = ("save", "show")

_LOW = "wallet.low"
"""The mail that this page's thresholds are about: it is wanted if there is anything to tell."""
_FIELDS = ("low_balance", *(f"low_balance_{n}" for n in range(2, THRESHOLDS + 1)))


async def show(visit: Visit) -> Response[bytes]:
    """``GET /notifications``."""
    currency = visit.customer.currency
    async with db.unit(visit.tenant.id):
        kept = await queries.preference(visit.tenant.id, visit.customer.wallet_id)
        wanted = await preferences.wanted(visit.tenant.id, visit.customer.id)
        typed = [typed_money.written(visit.reader, Money(units, currency)) for units in kept.thresholds]
        page = await _page(visit, typed, kept.tell_empty, wanted)
    notices = [Notice("ok", visit.gettext("Saved."))] if visit.query("done") == "saved" else []
    return visit.page("notifications.html", page, "settings", notices=notices)


async def save(visit: Visit) -> Response[bytes]:
    """``POST /notifications``: an empty amount or zero is no threshold."""
    sent = await visit.form()
    tell_empty = "tell_empty" in sent
    wanted = {kind: f"mail.{kind}" in sent for kind in OPTIONAL if kind != _LOW}
    tenant, customer = visit.tenant.id, visit.customer
    low, errors = list[int](), list[FieldError]()
    for name in _FIELDS:
        try:
            low.append(_amount(visit, sent.get(name, "")))
        except InvalidInput as error:
            errors.append(FieldError(name, _said(visit, error.code)))
    if errors:
        async with db.unit(tenant):
            typed = [sent.get(name, "")[:20] for name in _FIELDS]
            page = await _page(visit, typed, tell_empty, wanted, tuple(errors))
        return visit.page("notifications.html", page, "settings", status=422)
    async with db.unit(tenant):
        kept = await set_notices(tenant, customer.wallet_id, thresholds=low, tell_empty=tell_empty)
        for kind, want in {**wanted, _LOW: tell_empty or bool(kept.thresholds)}.items():
            await preferences.set_wanted(tenant, customer.id, kind, want, by=visit.actor)
    return visit.redirect("/notifications", done="saved")


async def _page(
    visit: Visit, typed: Sequence[str], tell_empty: bool, wanted: dict[str, bool], errors: tuple[FieldError, ...] = ()
) -> NotificationsPage:
    customer = visit.customer
    purse = await wallet(visit.tenant.id, customer.wallet_id)
    first, *further = (*typed, *[""] * (THRESHOLDS - len(typed)))
    return NotificationsPage(
        action="/notifications",
        back_url="/settings",
        balance=Money(purse.available, customer.currency),
        symbol=visit.reader.symbol(customer.currency),
        low_balance=first,
        further=tuple(zip(_FIELDS[1:], further, strict=True)),
        tell_empty=tell_empty,
        mails=tuple(
            Option(visit.gettext(label), f"mail.{kind}", current=wanted[kind])
            for kind, label in OPTIONAL.items()
            if kind != _LOW
        ),
        errors=errors,
    )


def _amount(visit: Visit, typed: str) -> int:
    if not typed.strip():
        return 0
    units = typed_money.read(visit.reader, typed, visit.customer.currency).units
    if units > MOST:
        raise InvalidInput(code="amount_out_of_bounds", field="low_balance")
    return units


def _said(visit: Visit, code: str) -> str:
    _ = visit.gettext
    texts = {
        "amount_too_fine": _("This amount has too many decimals"),
        "amount_out_of_bounds": _("This amount is too large"),
    }
    return texts.get(code) or _("Enter an amount, or leave the field empty")
