"""Paying back: how much and why, a check, and the button. The money moves once for each check page."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response

from askpro import db
from askpro.errors import Conflict, InvalidInput, MoneyRefused, NotFound, PluginUnavailable
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.payments import refunds
from askpro.payments.model import Order
from askpro.payments.refund_model import Refundable
from askpro.payments.refund_quote import refund_quote
from askpro.people.queries import customer as read_customer
from askpro.web import limits, typed_money
from askpro.web.limits import Policy
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry, fresh_key
from askpro.web.staff.payment import asked
from askpro.web.staff.payment_views import RefundCheckPage, RefundPage
from askpro.web.staff.payments import PATH
from askpro.web.staff.provider_facts import titles
from askpro.web.staff.reasons import why_not_refundable

__all__ = ("REFUNDS", "check", "form", "pay")

REFUNDS = Policy("refunds", 30, 600)
"""Refunds begun by one person in ten minutes."""
_FIELDS = ("part", "amount", "reason")
_TOO_MUCH = ("exceeds_original", "already_spent", "insufficient_funds")


async def form(visit: Visit) -> Response[bytes]:
    """``GET /staff/payments/{order}/refund``; back to the payment when nothing can be paid back. Raises NotFound."""
    order = await asked(visit)
    left = await refunds.refundable(visit.tenant.id, order.id)
    if not left.net.units:
        return visit.redirect(f"{PATH}/{order.id}")
    return await _form(visit, order, left, {})


async def check(visit: Visit) -> Response[bytes]:
    """``POST …/refund/check``: the check page, or back to the form with what is wrong. Raises NotFound."""
    order, sent = await asked(visit), await visit.form()
    left = await refunds.refundable(visit.tenant.id, order.id)
    if not left.net.units:
        return visit.redirect(f"{PATH}/{order.id}")
    if sent.get("change"):
        return await _form(visit, order, left, sent)
    entry = Entry(visit, sent)
    net = _read(entry, left)
    if net is None or entry.errors:
        return await _form(visit, order, left, sent, entry)
    return await _check(visit, order, net, sent)


async def pay(visit: Visit) -> Response[bytes]:
    """``POST …/refund/pay``: ask the provider to pay back; then the payment, with how it went. Raises NotFound."""
    order, sent = await asked(visit), await visit.form()
    entry, key = Entry(visit, sent), Entry(visit, sent).key()
    field = "amount" if sent.get("part") == "part" else "part"
    net = entry.amount("net", order.net.currency, at=field)
    reason = entry.reason()
    await limits.enforce(visit.request.scope["state"], (REFUNDS, str(visit.person.id)))
    if net is not None and not entry.errors:
        try:
            made = await refunds.begin(visit.tenant, order.id, net, idempotency=key, reason=reason, by=visit.actor)
        except (InvalidInput, NotFound, Conflict, MoneyRefused, PluginUnavailable) as error:
            left = await refunds.refundable(visit.tenant.id, order.id)
            entry.wrong(field, _refused(visit, error.code, left))
        else:
            return visit.redirect(f"{PATH}/{order.id}", refund=str(made.id))
    else:
        left = await refunds.refundable(visit.tenant.id, order.id)
        if net is not None and net > left.net:
            entry.wrong(field, _refused(visit, "exceeds_original", left))
    return await _form(visit, order, left, sent, entry)


def _refused(visit: Visit, code: str, left: Refundable) -> str:
    """Why it is not done, by what can still be done."""
    if left.net.units and code in _TOO_MUCH:
        return visit.gettext("At most %(amount)s is possible.") % {"amount": visit.reader.money(left.net)}
    if left.whole_only and code == "partial_refund_not_supported":
        return visit.gettext("This provider pays back the whole payment only.")
    return why_not_refundable(visit, code)


def _read(entry: Entry, left: Refundable) -> Money | None:
    part, net = entry.text("part", 10), None
    if part == "whole" or left.whole_only:
        net = left.net
    elif part == "part":
        net = entry.amount("amount", left.net.currency, most=left.net)
    else:
        entry.wrong("part", entry.visit.gettext("Please choose how much is paid back."))
    entry.reason()
    return net


async def _form(
    visit: Visit, order: Order, left: Refundable, sent: Mapping[str, str], entry: Entry | None = None
) -> Response[bytes]:
    _, errors = visit.gettext, tuple(entry.errors) if entry is not None else ()
    note = ""
    if left.net != order.net:
        note = _("Only %(left)s of this payment's credit of %(paid)s can still be paid back.")
        note %= {"paid": visit.reader.money(order.net), "left": visit.reader.money(left.net)}
    page = RefundPage(
        action=f"{PATH}/{order.id}/refund/check",
        back_url=f"{PATH}/{order.id}",
        reference=order.reference,
        customer=(await read_customer(visit.tenant.id, order.customer_id)).name,
        paid=order.net,
        refundable=left.net,
        note=note,
        only_whole=left.whole_only,
        part=sent.get("part", "whole"),
        amount=sent.get("amount", ""),
        reason=sent.get("reason", ""),
        errors=errors,
    )
    return visit.page("staff/refund.html", page, "payments", status=422 if errors else 200)


async def _check(visit: Visit, order: Order, net: Money, sent: Mapping[str, str]) -> Response[bytes]:
    share = await refund_quote(visit.tenant.id, order.id, net)
    async with db.unit(visit.tenant.id):
        purse = await wallet(visit.tenant.id, order.wallet_id)
    before = Money(purse.available, purse.currency)
    page = RefundCheckPage(
        action=f"{PATH}/{order.id}/refund/pay",
        back_url=f"{PATH}/{order.id}/refund/check",
        reference=order.reference,
        customer=(await read_customer(visit.tenant.id, order.customer_id)).name,
        method=order.method or titles(visit).get(order.provider, order.provider),
        reason=Entry(visit, sent).text("reason"),
        net=share.net,
        tax=share.tax,
        gross=share.gross,
        before=before,
        after=before - share.net,
        idempotency_key=fresh_key(),
        fields=(*((name, sent.get(name, "")) for name in _FIELDS), ("net", typed_money.written(visit.reader, net))),
    )
    return visit.page("staff/refund_check.html", page, "payments")
