"""Refunds: whole or in parts, never more than is left."""

from __future__ import annotations

from typing import Any

from askpro.errors import AskProError, Conflict, InvalidInput, Unavailable
from askpro.sdk import Context, NotSent, Outcome, RefundRequest, RefundResult
from askpro_stripe import params
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import Declined, Gone, ask, connect
from askpro_stripe.currencies import from_stripe
from askpro_stripe.lost import find_lost, send
from askpro_stripe.outcomes import of_refund
from askpro_stripe.payments import is_ours, read_intent, read_session
from askpro_stripe.scope import every_scope
from askpro_stripe.shares_waiting import news

__all__ = ("look_up_refund", "refund")

_EXPAND = ["balance_transaction"]


async def refund(ctx: Context, request: RefundRequest) -> RefundResult:
    """See Refunds. A key that was used before is looked up, not paid back again."""
    book = Book(ctx)
    known = await book.find("refund", request.key)
    if known is not None:
        known.must_be("refund", request.payment_key, request.amount)
        found = await _learn(ctx, known)
        if found.outcome is not Outcome.NOT_SENT:
            return found
    payment = await book.find("payment", request.payment_key)
    if payment is None:
        raise InvalidInput("there is no settled payment to pay back", code="nothing_to_refund")
    intent = await _paid(ctx, payment, request)
    sent = params.refund(
        request, tenant_of(ctx), str(intent["id"]), passed_on=bool(payment.destination),
        fee=payment.fee > 0 and not payment.share_to,
    )  # fmt: skip
    entered, ours = await book.enter(
        "refund", request.key, "refund", payment.scope(ctx), subject=request.payment_key, amount=request.amount,
        params=sent,
    )  # fmt: skip
    if not ours:
        return await _learn(ctx, entered)
    try:
        made = await send(
            book,
            entered,
            connect(ctx, entered.scope(ctx)).refunds.create_async(
                entered.sent,
                {"idempotency_key": entered.idempotency(tenant_of(ctx).id)},
            ),
        )
    except (NotSent, InvalidInput):
        raise
    except Declined as declined:  # a method that cannot take money back
        await book.refused(entered, str(declined.error.get("code")))
        raise InvalidInput(str(declined.error.get("message")), code="refund_refused") from declined
    except (Unavailable, Conflict) as error:
        return RefundResult(key=request.key, outcome=Outcome.UNKNOWN, code=error.code)
    await book.known(entered, str(made["id"]))
    await news(ctx, request.payment_key)
    return of_refund(request.key, made)


async def look_up_refund(ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
    """See Refunds. With a number and no key: a refund that somebody made at Stripe itself."""
    known = await Book(ctx).find("refund", key) if key else None
    if known is not None:
        return await _learn(ctx, known)
    if not provider_ref.startswith(("re_", "pyr_")):
        return RefundResult(key=key, outcome=Outcome.NOT_SENT)
    try:
        return await _foreign(ctx, key, provider_ref)
    except AskProError as error:
        return RefundResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=provider_ref, code=error.code)


async def _foreign(ctx: Context, key: str, ref: str) -> RefundResult:
    """A refund that we did not ask for; NOT_SENT when there is none of a payment of this tenant."""
    for scope in every_scope(ctx):
        try:
            found = await ask(connect(ctx, scope).refunds.retrieve_async(ref, {"expand": [*_EXPAND, "payment_intent"]}))
        except Gone:
            continue
        if is_ours(ctx, found.get("payment_intent")):
            await news(ctx, str(found["payment_intent"]["metadata"].get(params.KEY) or ""))
            return of_refund(key, found)
    return RefundResult(key=key, outcome=Outcome.NOT_SENT)


async def _learn(ctx: Context, request: Request) -> RefundResult:
    try:
        if request.state == "sent":
            request = await find_lost(ctx, request)
        if request.state == "refused":
            return RefundResult(key=request.key, outcome=Outcome.NOT_SENT, code=request.code)
        api = connect(ctx, request.scope(ctx))
        found = await ask(api.refunds.retrieve_async(request.ref, {"expand": _EXPAND}))
        await news(ctx, request.subject)
        return of_refund(request.key, found)
    except AskProError as error:
        return RefundResult(key=request.key, outcome=Outcome.UNKNOWN, provider_ref=request.ref, code=error.code)


async def _paid(ctx: Context, payment: Request, request: RefundRequest) -> dict[str, Any]:
    """The settled PaymentIntent, with enough left. Raises InvalidInput, NotSent: nothing was asked for yet."""
    try:
        scope = payment.scope(ctx)
        ref = request.payment_ref if request.payment_ref.startswith("pi_") else ""
        if ref:
            intent = await read_intent(ctx, scope, ref)
        else:
            page = (await read_session(ctx, scope, payment.ref)) if payment.ref.startswith("cs_") else {}
            intent = page.get("payment_intent") or {}
    except Gone as error:
        raise InvalidInput("there is no such payment", code="nothing_to_refund") from error
    except Unavailable as error:
        raise NotSent(error.detail, code=error.code) from error
    if not is_ours(ctx, intent, payment.key) or intent.get("status") != "succeeded":
        raise InvalidInput("there is no settled payment to pay back", code="nothing_to_refund")
    paid = from_stripe(int(intent["amount_received"]), str(intent["currency"]))
    if request.amount.currency != paid.currency or request.amount.units <= 0:
        raise InvalidInput("another currency, or nothing at all", code="refund_impossible")
    back = int((intent.get("latest_charge") or {}).get("amount_refunded") or 0)
    if request.amount + from_stripe(back, paid.currency) > paid:
        raise InvalidInput("more than is left of the payment", code="refund_too_large")
    return dict(intent)
