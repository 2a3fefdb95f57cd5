"""One customer: balance, payments, adjustments, bonus credit and the automatic top-up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.calls.control import standing as caps
from askpro.errors import Conflict
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.payments import autotopup, queries
from askpro.payments.rule import Rule
from askpro.people.model import Customer
from askpro.people.queries import customer as read_customer
from askpro.wallets import adjustments, promo
from askpro.web.portal.frame import Notice
from askpro.web.portal.visit import Visit
from askpro.web.staff import adjustments as adjustment_pages
from askpro.web.staff.customers import PATH, standing
from askpro.web.staff.labels import badge
from askpro.web.staff.limit_views import uses
from askpro.web.staff.payments import rows as payment_rows
from askpro.web.staff.reasons import reason
from askpro.web.staff.views import CreditRow, CustomerPage, RuleFacts

__all__ = ("resume", "show")

_SHOWN = 8


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff/customers/{customer}``. Raises NotFound."""
    identifier: UUID = visit.request.path_params["customer"]
    tenant = visit.tenant.id
    customer = await read_customer(tenant, identifier)
    names = {customer.id: customer}
    async with db.unit(tenant):
        purse = await wallet(tenant, customer.wallet_id)
    rule = await autotopup.rule(tenant, customer.wallet_id)
    changes = await adjustments.of_tenant(tenant, customer=customer.id, limit=_SHOWN)
    orders = await queries.orders(tenant, customer=customer.id, limit=_SHOWN)
    gifts = await promo.of_customer(tenant, customer.id, open_only=True)
    page = CustomerPage(
        number=customer.number,
        name=customer.name,
        email=customer.email,
        badge=standing(customer, frozen=purse.frozen),
        back_url=PATH,
        balance=Money(purse.posted, purse.currency),
        held=Money(purse.held, purse.currency),
        credit_line=Money(purse.credit_line, purse.currency),
        available=Money(purse.available, purse.currency),
        payments=payment_rows(visit, orders, names),
        payments_url=f"/staff/payments?customer={customer.id}",
        adjustments=await adjustment_pages.rows(visit, changes, names),
        credits=tuple(CreditRow(one.reason, one.rest, one.amount, _last_day(visit, one.expires_at)) for one in gifts),
        adjust_url=f"{PATH}/{customer.id}/adjust",
        promo_url=f"{PATH}/{customer.id}/promo",
        limits=uses(visit, await caps.of_customer(visit.tenant, customer), capped_only=True),
        limits_url=f"{PATH}/{customer.id}/limits",
        resume_action=f"{PATH}/{customer.id}/resume" if rule is not None and rule.state == "paused" else "",
        rule=_rule(visit, rule) if rule is not None else None,
        frozen=purse.frozen,
        closed=customer.status == "closed",
    )
    return visit.page("staff/customer.html", page, "customers", notices=_notices(visit, customer))


async def resume(visit: Visit) -> Response[bytes]:
    """``POST …/resume``: let the automatic top-up go on after a pause. Raises NotFound."""
    identifier: UUID = visit.request.path_params["customer"]
    customer = await read_customer(visit.tenant.id, identifier)
    try:
        await autotopup.resume(visit.tenant.id, customer.wallet_id, by=visit.actor)
    except Conflict:  # it goes on already, which is what was wanted
        return visit.redirect(f"{PATH}/{customer.id}")
    return visit.redirect(f"{PATH}/{customer.id}", done="resumed")


def _notices(visit: Visit, customer: Customer) -> list[Notice]:
    _ = visit.gettext
    said = {
        "promo": _("%(name)s has received the bonus credit.") % {"name": customer.name},
        "resumed": _("The automatic top-up goes on."),
        "limits": _("The limits have been saved. They hold from the next call on."),
    }
    done = visit.query("done", 10)
    return [Notice("ok", said[done])] if done in said else []


def _last_day(visit: Visit, end: datetime | None) -> str:
    """The last day on which something can be used that ends at that instant."""
    return visit.reader.date(end - timedelta(microseconds=1)) if end is not None else ""


def _rule(visit: Visit, rule: Rule) -> RuleFacts:
    """The rule in a sentence, as the customer was told it."""
    _, money = visit.gettext, visit.reader.money
    amounts = {"below": money(rule.threshold), "amount": money(rule.amount), "cap": money(rule.monthly_cap)}
    if rule.mode == "fixed":
        text = _("Below %(below)s, %(amount)s is topped up, at most %(cap)s a month.") % amounts
    else:
        text = _("Below %(below)s, the balance is filled up to %(amount)s, at most %(cap)s a month.") % amounts
    why = {"declined": _("Three payments in a row were declined.")}.get(rule.reason) or reason(visit, rule.reason)
    return RuleFacts(badge("rule", rule.state), text, rule.method_label, why if rule.state == "paused" else "")
