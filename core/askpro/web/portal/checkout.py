"""Top-up, second half: pay, and how it went. The button makes one payment however often it is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from litestar import Response

from askpro import clock, db
from askpro.errors import N_, InvalidInput
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.payments import methods, providers, queries, settle
from askpro.payments.model import Attempt, Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.portal.leaving import is_own_page, onward
from askpro.web.portal.methods import saving_consent
from askpro.web.portal.offers import offer_of
from askpro.web.portal.views import TopupDonePage
from askpro.web.portal.visit import Visit
from askpro.web.typed_money import in_address

__all__ = ("PAYMENTS", "TopupOpenPage", "done", "pay")

PAYMENTS = Policy("payments", 20, 600)
"""Payments begun by one person in ten minutes."""

_LOOK_EVERY = timedelta(seconds=2)
_REFRESH = timedelta(minutes=10)
"""How long the page of a payment without an end asks again by itself; a debit may take days."""

_REASONS: Mapping[str, str] = {
    "cancelled": N_("You have cancelled the payment."),
    "expired": N_("The payment page was open for too long. Please start again."),
    "card_declined": N_("Your bank did not accept the payment. Please try another method."),
    "authentication_failed": N_("The payment was not confirmed with your bank."),
    "authentication_required": N_("The payment was not confirmed with your bank."),
    "payment_intent_authentication_failure": N_("The payment was not confirmed with your bank."),
    "not_sent": N_("The payment service could not be reached. Please try again later."),
    "plugin_unavailable": N_("The payment service could not be reached. Please try again later."),
    "plugin_switched_off": N_("The payment service could not be reached. Please try again later."),
    "provider_unknown": N_("This payment method is not offered any more. Please choose another one."),
    "provider_closed": N_("The payment service does not take payments at the moment."),
}


@dataclass(frozen=True, slots=True)
class TopupOpenPage:
    """topup_open.html: the provider's page is open and nobody has paid there yet."""

    gross: Money
    reference: str
    continue_url: str
    retry_url: str
    overview_url: str
    reason: str = ""
    """Why a try was refused, if there was one."""


async def pay(visit: Visit) -> Response[bytes]:
    """``POST /topup/pay``: order, attempt, and on to the provider's page. Raises RateLimited."""
    form = await visit.form()
    offer = await offer_of(visit)
    choice = offer.read(visit, form)[0] if offer else None
    if choice is None:
        return visit.redirect("/topup")
    await limits.enforce(visit.request.scope["state"], (PAYMENTS, str(visit.person.id)))
    try:
        order = await create_order(
            visit.tenant,
            visit.customer,
            choice.net,
            choice.way.key,
            idempotency=form.get("idempotency_key", ""),
            by=visit.actor,
            person_id=visit.person.id,
        )
    except InvalidInput as error:
        if error.code not in ("idempotency_key_reused", "idempotency_key_invalid"):
            raise
        return _again(visit, form)
    if form.get("gross") != str(order.gross.units):
        # the page named another price (the tax rate changed at midnight): nobody pays what he has not seen
        return _again(visit, form)
    back = f"/topup/{order.id}"
    save = form.get("save") and await methods.saves_on_checkout(visit.tenant.id, choice.way.key)
    after, url = await begin_checkout(
        visit.tenant,
        visit.customer,
        order.id,
        by=visit.actor,
        description=_description(visit, order),
        return_url=f"{visit.origin()}{back}?back=1",
        cancel_url=f"{visit.origin()}{back}?back=1",
        locale=visit.reader.locale,
        consent=saving_consent(visit, choice.way.title) if save else None,
    )
    if not url or after.final:
        return visit.redirect(back)
    return visit.redirect(url) if is_own_page(url) else visit.redirect(back, leave="1")


async def done(visit: Visit) -> Response[bytes]:
    """``GET /topup/{order}``: how it stands, asked of the provider if need be; in any case after somebody came ``back``
    from its page, for what was known a moment before is old news. ``leave``: on to that page. Raises NotFound.
    """
    tenant = visit.tenant.id
    identifier: UUID = visit.request.path_params["order"]
    order = await queries.order(tenant, identifier, customer=visit.customer.id)
    attempt = await queries.attempt_of_order(tenant, identifier)
    if visit.query("leave") and order.state == "new" and attempt is not None and attempt.checkout_url:
        return onward(visit, await _method(visit, order), attempt.checkout_url, f"/topup/{order.id}")
    if attempt is not None and not order.final:
        every = timedelta(0) if visit.query("back") else _LOOK_EVERY
        order = await settle.refresh(tenant, attempt.id, by=visit.actor, at_most_every=every)
    if order.state == "new":
        return _open(visit, order, await queries.attempt_of_order(tenant, identifier))
    outcome = _outcome(order)
    balance = None
    if outcome == "settled":
        async with db.unit(tenant):
            purse = await wallet(tenant, order.wallet_id)
        balance = Money(purse.available, purse.currency)
    here = f"/topup/{order.id}"
    view = TopupDonePage(
        outcome=outcome,
        gross=order.gross,
        net=order.net,
        method=await _method(visit, order),
        reference=order.reference,
        at=order.settled_at or order.created_at,
        overview_url="/",
        balance=balance,
        refresh_url=here,
        retry_url=f"/topup?amount={in_address(order.net)}",
        reason=visit.gettext(_REASONS[order.reason]) if order.reason in _REASONS else "",
        details_url=_details(attempt) if outcome == "pending" else "",
    )
    waits = outcome in ("pending", "unknown") and clock.now() - order.created_at < _REFRESH
    return visit.page("topup_done.html", view, "topup", headers={"Refresh": f"5; url={here}"} if waits else None)


def _again(visit: Visit, form: Mapping[str, str]) -> Response[bytes]:
    """Back to the check page, for another payment than the one of this form."""
    return visit.redirect("/topup/review", amount=form["amount"], method=form["method"], done="changed")


def _open(visit: Visit, order: Order, attempt: Attempt | None) -> Response[bytes]:
    url = attempt.checkout_url if attempt is not None else ""
    amount = in_address(order.net)
    reason = ""
    if attempt is not None and attempt.state == "new" and attempt.code:
        reason = visit.gettext(_REASONS.get(attempt.code, _REASONS["card_declined"]))
    page = TopupOpenPage(order.gross, order.reference, url, f"/topup?amount={amount}", "/", reason)
    return visit.page("topup_open.html", page, "topup")


def _details(attempt: Attempt | None) -> str:
    """A page of this house that says how to pay; another's is of no use once the payment is ordered there."""
    url = attempt.checkout_url if attempt is not None else ""
    return url if url and is_own_page(url) else ""


def _outcome(order: Order) -> Literal["settled", "pending", "declined", "unknown"]:
    match order.state:
        case "settled" | "pending" | "unknown":
            return order.state
        case _:
            return "declined"


async def _method(visit: Visit, order: Order) -> str:
    """What paid, or the name of the way that was chosen."""
    if order.method:
        return order.method
    try:
        one = await providers.provider(visit.tenant.id, order.provider, locale=visit.reader.locale, for_new=False)
    except Exception:  # its plugin is gone; the key is still better than nothing
        return order.provider
    return one.ctx.gettext(one.provider.title)


def _description(visit: Visit, order: Order) -> str:
    text = visit.gettext("Credit at %(house)s, reference %(reference)s")
    return text % {"house": visit.tenant.name, "reference": order.reference}
