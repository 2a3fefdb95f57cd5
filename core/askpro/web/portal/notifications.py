"""What a customer wants to be told: below which balance, and of what else there is mail."""

from __future__ import annotations

from litestar import Response

from askpro import db
from askpro.errors import InvalidInput
from askpro.ledger.queries import wallet
from askpro.messages import preferences
from askpro.messages.kinds import OPTIONAL
from askpro.money import Money, parse_amount
from askpro.payments.providers import minor_digits
from askpro.wallets import queries
from askpro.wallets.model import Preference
from askpro.wallets.service import MOST, set_notices
from askpro.web.portal.frame import FieldError, Notice, Option
from askpro.web.portal.views import NotificationsPage
from askpro.web.portal.visit import Visit

__all__ = ("save", "show")

_LOW = "wallet.low"
"""The mail that this page's threshold is about: it is wanted if there is anything to tell."""


async def show(visit: Visit) -> Response[bytes]:
    """``GET /notifications``."""
    async with db.unit(visit.tenant.id):
        kept = await queries.preference(visit.tenant.id, visit.customer.wallet_id)
        wanted = await preferences.wanted(visit.tenant.id, visit.customer.id)
        page = await _page(visit, _typed(visit, kept), kept.tell_empty, wanted)
    notices = [Notice("ok", visit.gettext("Saved."))] if visit.query("done") == "saved" else []
    return visit.page("notifications.html", page, "settings", notices=notices)


async def save(visit: Visit) -> Response[bytes]:
    """``POST /notifications``: an empty amount or zero is no threshold."""
    sent = await visit.form()
    tell_empty = "tell_empty" in sent
    wanted = {kind: f"mail.{kind}" in sent for kind in OPTIONAL if kind != _LOW}
    tenant, customer = visit.tenant.id, visit.customer
    try:
        low = _amount(visit, sent.get("low_balance", ""))
    except InvalidInput as error:
        fault = FieldError("low_balance", _said(visit, error.code))
        async with db.unit(tenant):
            page = await _page(visit, sent.get("low_balance", "")[:20], tell_empty, wanted, (fault,))
        return visit.page("notifications.html", page, "settings", status=422)
    async with db.unit(tenant):
        await set_notices(tenant, customer.wallet_id, low_balance=low, tell_empty=tell_empty)
        for kind, want in {**wanted, _LOW: tell_empty or low > 0}.items():
            await preferences.set_wanted(tenant, customer.id, kind, want, by=visit.actor)
    return visit.redirect("/notifications", done="saved")


async def _page(
    visit: Visit, low: str, tell_empty: bool, wanted: dict[str, bool], errors: tuple[FieldError, ...] = ()
) -> NotificationsPage:
    customer = visit.customer
    purse = await wallet(visit.tenant.id, customer.wallet_id)
    return NotificationsPage(
        action="/notifications",
        back_url="/settings",
        balance=Money(purse.available, customer.currency),
        symbol=visit.reader.symbol(customer.currency),
        low_balance=low,
        tell_empty=tell_empty,
        mails=tuple(
            Option(visit.gettext(label), f"mail.{kind}", current=wanted[kind])
            for kind, label in OPTIONAL.items()
            if kind != _LOW
        ),
        errors=errors,
    )


def _typed(visit: Visit, kept: Preference) -> str:
    """The threshold as its reader would type it; empty where there is none."""
    if not kept.low_balance:
        return ""
    amount = Money(kept.low_balance, visit.customer.currency)
    digits = minor_digits(amount.currency)
    return f"{amount.decimal:.{digits}f}".replace(".", visit.reader.decimal_separator)


def _amount(visit: Visit, typed: str) -> int:
    if not typed.strip():
        return 0
    digits = minor_digits(visit.customer.currency)
    units = parse_amount(typed, decimal_separator=visit.reader.decimal_separator, minor_digits=digits)
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
