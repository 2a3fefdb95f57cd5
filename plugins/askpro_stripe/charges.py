"""Charges by a saved method while the customer is away."""

from __future__ import annotations

from dataclasses import replace

from askpro.errors import AskProError, Conflict, InvalidInput, NotFound, Unavailable
from askpro.money import Money
from askpro.sdk import ChargeRequest, ChargeResult, Context, NotSent, Outcome
from askpro_stripe import params
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import Declined, ask, connect
from askpro_stripe.connected import scope_now
from askpro_stripe.lost import send
from askpro_stripe.outcomes import identifier, of_intent, refusal
from askpro_stripe.payments import learn, unknown
from askpro_stripe.scope import Scope, settings_of
from askpro_stripe.shares_waiting import note_settled

__all__ = ("charge",)


async def charge(ctx: Context, request: ChargeRequest) -> ChargeResult:
    """See OffSession. A key that was used before is looked up, not charged again."""
    book = Book(ctx)
    known = await book.find("payment", request.key)
    if known is not None:
        known.must_be("charge", request.customer.id, request.amount)
        found = await learn(ctx, known)
        if found.outcome is not Outcome.NOT_SENT:
            return found
    scope = await scope_now(ctx)
    customer = await book.customer(scope, request.customer.id)
    if not customer:
        raise InvalidInput("this customer has no such method", code="method_unknown")
    fee = params.fee_of(settings_of(ctx), scope, request.amount, request.platform_fee)
    entered, ours = await book.enter(
        "payment", request.key, "charge", scope, subject=request.customer.id, amount=request.amount, fee=fee,
        params=params.charge(request, tenant_of(ctx), scope, fee, customer),
    )  # fmt: skip
    if not ours:  # somebody else is charging it at this moment
        return await learn(ctx, entered)
    return await _send(ctx, book, entered, request, fee, customer)


async def _send(
    ctx: Context, book: Book, entered: Request, request: ChargeRequest, fee: Money | None, customer: str
) -> ChargeResult:
    scope = entered.scope(ctx)
    try:
        intent = await send(
            book,
            entered,
            connect(ctx, scope).payment_intents.create_async(
                entered.sent,
                {"idempotency_key": entered.idempotency(tenant_of(ctx).id)},
            ),
        )
    except Declined as declined:
        ref = identifier(declined.error.get("payment_intent"))
        result = refusal(entered.key, entered.account, declined.error, ref)
        if not ref:
            await book.refused(entered, result.code)
            return result
        entered = await book.known(entered, ref)
        if result.code == "authentication_required" and request.return_url:
            return await _with_action(ctx, book, entered, request, scope, fee, customer, result)
        return result
    except (NotSent, InvalidInput):
        raise
    except (Unavailable, Conflict) as error:
        return unknown(entered, error.code)
    await book.known(entered, str(intent["id"]))
    return await note_settled(ctx, entered, of_intent(entered.key, entered.account, intent))


async def _with_action(
    ctx: Context,
    book: Book,
    entered: Request,
    request: ChargeRequest,
    scope: Scope,
    fee: Money | None,
    customer: str,
    result: ChargeResult,
) -> ChargeResult:
    """A page on which the customer pays it himself, for the mail. Without one it is a refusal like any other.

    The refused PaymentIntent is cancelled first, so that the two can never both be paid.
    """
    api = connect(ctx, scope)
    try:
        await ask(api.payment_intents.cancel_async(entered.ref))
        page = await ask(
            api.checkout.sessions.create_async(
                params.action_page(request, tenant_of(ctx), scope, fee, customer, ctx.now()),
                {"idempotency_key": f"{entered.idempotency(tenant_of(ctx).id)}:action"},
            )
        )
    except (AskProError, Declined, NotFound) as error:
        ctx.log.warning("no page to confirm a payment: %s", error)
        return result
    await book.action(entered, str(page["id"]), str(page.get("url") or ""))
    return replace(result, action_url=str(page.get("url") or ""))
