"""One payment: what was tried, what was paid, what went back, and what can still go back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from litestar import Response

from askpro.errors import AskProError
from askpro.payments import disputes, queries, refunds, settle
from askpro.payments.model import Attempt, Order, fee_of
from askpro.payments.refund_model import Dispute, Refund, Refundable
from askpro.people.queries import customer as read_customer
from askpro.web.portal.frame import Link, Notice
from askpro.web.portal.visit import Visit
from askpro.web.staff.disputes import rows as dispute_rows
from askpro.web.staff.labels import badge, flag
from askpro.web.staff.names import actor_name
from askpro.web.staff.payment_views import AttemptRow, PaymentPage, RefundRow, Step
from askpro.web.staff.payments import PATH
from askpro.web.staff.provider_facts import titles
from askpro.web.staff.reasons import reason, why_not_refundable

__all__ = ("ask", "asked", "show")


async def asked(visit: Visit) -> Order:
    """The order of the address. Raises NotFound."""
    identifier: UUID = visit.request.path_params["order"]
    return await queries.order(visit.tenant.id, identifier)


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff/payments/{order}``; ``refund``: the one that has just been asked for. Raises NotFound."""
    order, tenant = await asked(visit), visit.tenant.id
    customer = await read_customer(tenant, order.customer_id)
    attempts = await queries.attempts_of_order(tenant, order.id)
    back, claims = await refunds.of_order(tenant, order.id), await disputes.of_order(tenant, order.id)
    left = await refunds.refundable(tenant, order.id)
    page = PaymentPage(
        reference=order.reference,
        customer=Link(customer.name, f"/staff/customers/{customer.id}"),
        back_url=PATH,
        badge=badge("order", order.state),
        net=order.net,
        tax=order.tax,
        gross=order.gross,
        tax_rate=order.tax_rate,
        method=order.method,
        provider=titles(visit).get(order.provider, order.provider),
        origin=_origin(visit, order),
        created_at=order.created_at,
        settled_at=order.settled_at,
        steps=_steps(visit, order, attempts, back, claims),
        attempts=tuple(
            AttemptRow(str(one.id), one.provider_ref, one.created_at, badge("attempt", one.state), one.look_ups)
            for one in attempts
        ),
        refunds=tuple([await _refund(visit, one) for one in back]),
        disputes=dispute_rows(claims, {customer.id: customer}),
        refundable=left.net if left.net.units else None,
        refund_url=f"{PATH}/{order.id}/refund",
        ask_action=f"{PATH}/{order.id}/ask" if _waits(order, back, claims) else "",
        why_not=_why_not(visit, order, left),
        reason=reason(visit, order.reason),
        flag=visit.gettext(flag(order.flag)) if order.flag and order.state != "settled" else "",
        fee=fee_of(attempts),
    )
    return visit.page("staff/payment.html", page, "payments", notices=_notices(visit, back))


async def ask(visit: Visit) -> Response[bytes]:
    """``POST …/ask``: ask the provider how everything stands that has no end yet. Raises NotFound."""
    order, tenant = await asked(visit), visit.tenant.id
    ask_payment = partial(settle.refresh, at_most_every=timedelta(seconds=2))
    open_ones: list[tuple[Callable[..., Awaitable[object]], UUID]] = [
        *((ask_payment, one.id) for one in await queries.attempts_of_order(tenant, order.id)),
        *((refunds.refresh, one.id) for one in await refunds.of_order(tenant, order.id) if one.life.waits),
        *((disputes.refresh, one.id) for one in await disputes.of_order(tenant, order.id) if one.closed_at is None),
    ]
    done = "asked"
    for refresh, identifier in open_ones:
        try:
            await refresh(tenant, identifier, by=visit.actor)
        except AskProError:  # one that cannot be asked about does not keep the others from it
            done = "silent"
    return visit.redirect(f"{PATH}/{order.id}", done=done)


def _waits(order: Order, back: Sequence[Refund], claims: Sequence[Dispute]) -> bool:
    under_way = order.state in ("unknown", "pending") or any(one.life.waits for one in back)
    return under_way or any(one.closed_at is None for one in claims)


def _origin(visit: Visit, order: Order) -> str:
    _ = visit.gettext
    return _("Automatic top-up") if order.origin == "auto" else _("By the customer, on a payment page")


def _steps(
    visit: Visit, order: Order, attempts: Sequence[Attempt], back: Sequence[Refund], claims: Sequence[Dispute]
) -> tuple[Step, ...]:
    """What happened, the first first; and what is waited for."""
    _ = visit.gettext
    happened = sorted(_events(visit, order, attempts, back, claims), key=lambda one: one[0])
    steps = [Step(text, at, True) for at, text in happened]
    if order.state in ("unknown", "pending"):
        steps.append(Step(_("The money arrives"), None, False))
    if any(one.life.waits for one in back):
        steps.append(Step(_("The refund arrives"), None, False))
    return tuple(steps)


def _events(
    visit: Visit, order: Order, attempts: Sequence[Attempt], back: Sequence[Refund], claims: Sequence[Dispute]
) -> Iterator[tuple[datetime, str]]:
    _, money = visit.gettext, visit.reader.money
    yield order.created_at, _("Ordered")
    for attempt in attempts:
        if attempt.state in ("declined", "not_sent"):
            yield attempt.changed_at, _("Not paid: %(why)s") % {"why": _(badge("attempt", attempt.state).label)}
        elif attempt.state in ("pending", "unknown") and order.state != "settled":
            yield attempt.changed_at, _(badge("attempt", attempt.state).label)
    if order.settled_at:
        yield order.settled_at, _("Paid, credit booked")
    for one in back:
        amount = {"amount": money(one.gross)}
        yield one.created_at, _("Refund of %(amount)s begun") % amount
        if one.settled_at:
            yield one.settled_at, _("%(amount)s paid back") % amount
    for claim in claims:
        yield claim.created_at, _("Disputed: %(amount)s") % {"amount": money(claim.amount)}
        if claim.closed_at:
            yield claim.closed_at, _("Dispute won") if claim.state == "won" else _("Dispute lost")


async def _refund(visit: Visit, one: Refund) -> RefundRow:
    _ = visit.gettext
    who = _("at the provider's own desk") if one.origin == "provider" else await actor_name(visit, one.by)
    remark = ""
    if one.state == "declined":
        text = _("%(why)s The credit is back in the wallet.")
        remark = text % {"why": reason(visit, one.code) or _("The provider has declined it.")}
    return RefundRow(one.created_at, badge("refund", one.state), one.gross, one.net, one.reason, who, remark)


def _why_not(visit: Visit, order: Order, left: Refundable) -> str:
    """Why not the whole can be paid back, if that is so."""
    if left.net.units and left.net == order.net:
        return ""
    if left.net.units:
        return visit.gettext("The rest has been spent, or went back before.")
    return why_not_refundable(visit, left.why)


def _notices(visit: Visit, back: Sequence[Refund]) -> list[Notice]:
    _, done = visit.gettext, visit.query("done", 10)
    if done == "asked":
        return [Notice("info", _("The provider has been asked. This is how it stands now."))]
    if done == "silent":
        return [Notice("warn", _("The provider could not be asked just now. We try again by ourselves."))]
    one = next((one for one in back if str(one.id) == visit.query("refund", 36)), None)
    if one is None:
        return []
    amount = {"amount": visit.reader.money(one.gross)}
    match one.state:
        case "settled":
            return [Notice("ok", _("%(amount)s has been paid back.") % amount)]
        case "pending":
            return [Notice("info", _("The provider has accepted the refund of %(amount)s. It is on its way.") % amount)]
        case "declined":
            return [Notice("bad", _("The refund of %(amount)s was declined. Nothing was paid back.") % amount)]
        case _:
            text = _("The provider has not answered yet. Please do not pay back %(amount)s again: we ask by ourselves.")
            return [Notice("warn", text % amount)]
