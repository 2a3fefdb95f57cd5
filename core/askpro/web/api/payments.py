"""Payments: list, look at, pay back."""

from __future__ import annotations

from askpro import money as moneys
from askpro.payments import disputes, queries, refund_jobs, refunds
from askpro.payments.model import Order, fee_of
from askpro.payments.refund_model import Dispute as DisputeOf
from askpro.payments.refund_model import Refund as RefundOf
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.listing import page_of
from askpro.web.api.payment_schemas import (
    Dispute,
    Payment,
    PaymentDetail,
    PaymentPage,
    PaymentQuery,
    Refund,
    Refundable,
    RefundNew,
)
from askpro.web.api.schemas import Money, given, money

__all__ = ("HANDLERS",)


def _money(amount: moneys.Money) -> Money:
    return money(amount.units, amount.currency)


def _payment(order: Order) -> Payment:
    return Payment(
        order.id, order.reference, order.customer_id, order.state, order.reason, _money(order.net), _money(order.tax),
        _money(order.gross), order.provider, order.method, order.origin, order.created_at, order.settled_at,
    )  # fmt: skip


def _refund(one: RefundOf) -> Refund:
    return Refund(
        one.id, one.order_id, one.state, _money(one.net), _money(one.tax), _money(one.gross), one.reason, one.code,
        one.origin, one.created_at, one.settled_at,
    )  # fmt: skip


def _dispute(one: DisputeOf) -> Dispute:
    return Dispute(
        one.id, one.state, _money(one.amount), _money(one.net), one.reason, one.answer_by, one.created_at, one.closed_at
    )


@endpoint("GET", "/payments", permission="payments:read", query=PaymentQuery, body=Nothing, answer=PaymentPage)
async def list_payments(call: Call[PaymentQuery, Nothing]) -> Reply[PaymentPage]:
    """List payments, latest first."""
    asked, tenant = call.query, call.tenant.id
    customer, state = given(asked.customer), given(asked.state)
    page = await page_of(
        call, f"{PREFIX}/payments", {"customer": customer, "state": state, "search": asked.search},
        lambda before, limit: queries.orders(
            tenant, customer=customer, states=(state,) if state else (), q=asked.search, before=before, limit=limit
        ),
    )  # fmt: skip
    return Reply(PaymentPage([_payment(order) for order in page.items], page.next), page.headers)


@endpoint(
    "GET", "/payments/{payment_id:uuid}", permission="payments:read", query=Nothing, body=Nothing,
    answer=PaymentDetail, refusals=(404,),
)  # fmt: skip
async def get_payment(call: Call[Nothing, Nothing]) -> PaymentDetail:
    """Look at a payment, its refunds and disputes."""
    tenant, identifier = call.tenant.id, call.id("payment_id")
    order = await queries.order(tenant, identifier)
    left = await refunds.refundable(tenant, identifier)
    fee = fee_of(await queries.attempts_of_order(tenant, identifier))
    return PaymentDetail(
        _payment(order),
        Refundable(_money(left.net), _money(left.tax), _money(left.gross), left.whole_only, left.why),
        [_refund(one) for one in await refunds.of_order(tenant, identifier)],
        [_dispute(one) for one in await disputes.of_order(tenant, identifier)],
        _money(fee) if fee else None,
    )


async def _able(call: Call[Nothing, RefundNew]) -> refunds.Able:
    return await refunds.learn(call.tenant.id, call.id("payment_id"))


@endpoint(
    "POST", "/payments/{payment_id:uuid}/refunds", permission="payments:refund", query=Nothing, body=RefundNew,
    answer=Refund, status=202, idempotent=True, refusals=(402, 404, 409), before=_able,
)  # fmt: skip
async def create_refund(call: Call[Nothing, RefundNew]) -> Reply[Refund]:
    """Pay back a payment or a part of it.

    Never more than the wallet has unspent of this payment. The credit leaves the wallet at once and the answer is
    *new*; the provider is asked right after. `GET /payments/{payment_id}` tells how it went.
    """
    asked, identifier = call.body, call.id("payment_id")
    made = await refunds.ask(
        call.tenant, identifier, asked.net.value, idempotency=call.once(), reason=asked.reason,
        by=call.actor, able=call.learnt,
    )  # fmt: skip
    if made.state == "new":
        await refund_jobs.send_soon(call.tenant.id, made)
    return Reply(_refund(made), {"Location": f"{PREFIX}/payments/{identifier}"})


HANDLERS = (list_payments, get_payment, create_refund)
