"""Top-up, first half: choose an amount, check it. Nothing moves here."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlencode

from litestar import Response

from askpro import clock, db
from askpro.errors import NotFound
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.payments import methods, providers
from askpro.payments.quote import quote
from askpro.web.portal.frame import Link, Notice
from askpro.web.portal.methods import saving_consent
from askpro.web.portal.offers import Choice, method_of, offer_of
from askpro.web.portal.views import TopupPage, TopupReviewPage
from askpro.web.portal.visit import Visit
from askpro.web.typed_money import in_address

__all__ = ("check", "choose", "review")


async def choose(visit: Visit) -> Response[bytes]:
    """``GET /topup``; ``amount`` and ``method`` come back from the check page."""
    offer = await offer_of(visit)
    form = offer.form(amount=visit.query("amount", 20), method=visit.query("method", 40)) if offer else None
    return visit.page("topup.html", TopupPage(form, "/", links=_links(visit)), "topup", notices=await _remarks(visit))


async def check(visit: Visit) -> Response[bytes]:
    """``POST /topup/review``: to the check page, or back to the form with what is wrong."""
    offer, sent = await offer_of(visit), await visit.form()
    if offer is None:
        return visit.redirect("/topup")
    choice, errors = offer.read(visit, sent)
    if choice is None:
        form = offer.form(amount=sent.get("amount", ""), other=sent.get("other", ""), method=sent.get("method", ""))
        page = TopupPage(form, "/", errors, _links(visit))
        return visit.page("topup.html", page, "topup", status=422, notices=await _remarks(visit))
    return visit.redirect("/topup/review", amount=_plain(choice.net), method=choice.way.key, key=_fresh())


async def review(visit: Visit) -> Response[bytes]:
    """``GET /topup/review?amount=…&method=…&key=…``: what is credited, what is paid, and the button that pays.

    The key is part of the address, so a reload, or the way back from the provider, is still the same payment.
    """
    offer = await offer_of(visit)
    asked = {"amount": visit.query("amount", 20), "method": visit.query("method", 40)}
    choice = offer.read(visit, asked)[0] if offer else None
    if choice is None:
        return visit.redirect("/topup")
    key, done = visit.query("key", 60), visit.query("done", 20)
    if not re.fullmatch(r"[\w-]{16,60}", key, re.ASCII):
        more = {"done": done} if done else {}
        return visit.redirect(f"/topup/review?{urlencode({**asked, 'key': _fresh(), **more})}")
    notices = await _remarks(visit)
    if done == "changed":
        text = visit.gettext("Something has changed meanwhile. Please check again before you pay.")
        notices.append(Notice("warn", text))
    return visit.page("topup_review.html", await _page(visit, choice, key), "topup", notices=notices)


async def _remarks(visit: Visit) -> list[Notice]:
    """What plugins say of payments: that this is test money, for one."""
    said = await providers.remarks(visit.tenant.id, "topup", locale=visit.reader.locale)
    return [Notice("info", text) for text in said]


def _links(visit: Visit) -> tuple[Link, ...]:
    return Link(visit.gettext("Auto-top-up"), "/auto-topup"), Link(visit.gettext("Payment methods"), "/payment-methods")


async def _page(visit: Visit, choice: Choice, key: str) -> TopupReviewPage:
    tenant, net = visit.tenant.id, choice.net
    today = clock.civil_day(clock.now(), visit.tenant.timezone)
    async with db.unit(tenant):
        total = await quote(tenant, net, today, providers.minor_digits(net.currency))
        purse = await wallet(tenant, visit.customer.wallet_id)
    back = f"/topup?amount={_plain(net)}&method={choice.way.key}"
    return TopupReviewPage(
        action="/topup/pay",
        net=total.net,
        vat=total.tax,
        gross=total.gross,
        method=method_of(choice.way),
        balance_after=Money(purse.available + net.units, net.currency),
        idempotency_key=key,
        amount_url=back,
        method_url=f"{back}#f-method",
        cancel_url="/",
        vat_rate=total.rate if total.rate else None,
        vat_note="" if total.rate else visit.gettext("not charged"),
        save_consent=saving_consent(visit, choice.way.title).text
        if await methods.saves_on_checkout(tenant, choice.way.key)
        else "",
        fields=(("amount", _plain(net)), ("method", choice.way.key), ("gross", str(total.gross.units))),
    )


def _fresh() -> str:
    return secrets.token_urlsafe(16)


def _plain(amount: Money) -> str:
    """For addresses and hidden fields: ``50.00``. Raises NotFound for what no form of ours offers."""
    if amount.units <= 0:
        raise NotFound
    return in_address(amount)
