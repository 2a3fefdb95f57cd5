"""Kassenwerk as AskPro meets it: facts about money; booking is the core's."""

from __future__ import annotations

from typing import TypeVar

from askpro.errors import N_, AskProError, InvalidInput, Unavailable
from askpro.money import Money
from askpro.sdk import (
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    Feature,
    Limits,
    NotSent,
    Outcome,
    ProviderCapabilities,
    RefundRequest,
    RefundResult,
)

from askpro_kassenwerk.book import Book, Request
from askpro_kassenwerk.client import Gone, ask
from askpro_kassenwerk.events import verify_event
from askpro_kassenwerk.settings import settings_of
from askpro_kassenwerk.wire import Amount, Many, Payment, Refund, charge_result, refund_result

__all__ = ("KassenwerkProvider",)

T = TypeVar("T")

_FEATURES = frozenset((Feature.CHECKOUT, Feature.REFUND, Feature.PARTIAL_REFUND))
_LIMITS = {"EUR": Limits(Money.of("0.50", "EUR"), Money.of(10_000, "EUR"))}


class KassenwerkProvider:
    """Idempotent by key, within one reseller."""

    key = "kassenwerk"
    title = N_("Card or direct debit (Kassenwerk)")

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """Every currency; small and large amounts in euro are refused."""
        live = settings_of(ctx).live
        return ProviderCapabilities(features=_FEATURES, limits=_LIMITS, methods=("card", "sepa_debit"), live=live)

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        """See PaymentProvider. While an earlier try may still arrive it raises Unavailable: unknown, not sent anew."""
        if not self.capabilities(ctx).takes(request.amount):
            raise InvalidInput("Kassenwerk takes no such amount", code="amount_impossible")
        book = Book(ctx)
        row, ours = await book.enter("payment", request.key, request.customer.id, request.amount)
        if not ours and row.state == "sent":
            row = await _find(ctx, book, row)
            if row.state == "refused":  # it never arrived: from the start
                row, ours = await book.enter("payment", request.key, request.customer.id, request.amount)
        if ours:
            made = await _send(ctx, book, row, "payments", Payment, {
                "amount": Amount.of(request.amount),
                "description": request.description,
                "return_url": request.return_url,
                "cancel_url": request.cancel_url,
                "expires_at": request.expires_at,
                "metadata": request.metadata,
            })  # fmt: skip
            row = await book.known(row, made.id, made.checkout_url, made.expires_at)
        if row.expires_at is None:
            raise Unavailable("it is still being sent", code="in_progress")
        return CheckoutSession(key=row.key, provider_ref=row.ref, url=row.url, expires_at=row.expires_at)

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        """See PaymentProvider. What is not in the book was never sent, whatever number somebody names."""
        del provider_ref
        book = Book(ctx)
        row = await book.find("payment", key)
        if row is None:
            return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
        try:
            row = await _find(ctx, book, row)
            if row.state == "refused":
                return ChargeResult(key=key, outcome=Outcome.NOT_SENT, code=row.code)
            return charge_result(key, await ask(ctx, "GET", f"payments/{row.ref}", Payment))
        except AskProError as error:  # also Gone: it was there once, so the account is another one now
            return ChargeResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=row.ref, code=error.code)

    verify_event = staticmethod(verify_event)

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        """See Refunds. Kassenwerk itself knows what is left of a payment."""
        book = Book(ctx)
        payment = await book.find("payment", request.payment_key)
        if payment is None or payment.state != "known":
            raise InvalidInput("there is no settled payment to pay back", code="nothing_to_refund")
        if request.amount.currency != payment.currency or request.amount.units <= 0:
            raise InvalidInput("another currency, or nothing at all", code="refund_impossible")
        if payment.live is not settings_of(ctx).live:
            raise NotSent("it was paid in the other mode", code="mode_changed")
        row, ours = await book.enter("refund", request.key, payment.key, request.amount)
        if not ours:
            return await _refund_as_it_stands(ctx, book, row)
        sent = {"amount": Amount.of(request.amount), "reason": request.reason}
        made = await _send(ctx, book, row, f"payments/{payment.ref}/refunds", Refund, sent)
        await book.known(row, made.id)
        return refund_result(request.key, payment.ref, made)

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        """See Refunds. Refunds that were made at Kassenwerk's own desk are none of ours."""
        del provider_ref
        book = Book(ctx)
        row = await book.find("refund", key)
        if row is None:
            return RefundResult(key=key, outcome=Outcome.NOT_SENT)
        return await _refund_as_it_stands(ctx, book, row)


async def _send(ctx: Context, book: Book, row: Request, path: str, kind: type[T], said: dict[str, object]) -> T:
    """Send what is written down. Every way in which nothing was done is written down as well."""
    reference = book.reference(row.key)
    try:
        return await ask(
            ctx, "POST", path, kind, json={"reference": reference, **said}, key=f"{row.family}/{reference}"
        )
    except (NotSent, InvalidInput) as error:
        await book.refused(row, error.code)
        raise
    except Gone as error:
        await book.refused(row, error.code)
        raise InvalidInput(error.detail, code=error.code) from error


async def _find(ctx: Context, book: Book, row: Request) -> Request:
    """The row with Kassenwerk's number, or refused when it surely never arrived. Raises Unavailable until then."""
    book.of_this_mode(row)
    if row.state != "sent":
        return row
    reference = book.reference(row.key)
    if row.family == "payment":
        for one in (await ask(ctx, "GET", "payments", Many[Payment], reference=reference)).data:
            return await book.known(row, one.id, one.checkout_url, one.expires_at)
    else:
        for other in (await ask(ctx, "GET", "refunds", Many[Refund], reference=reference)).data:
            return await book.known(row, other.id)
    if row.under_way(ctx.now()):
        raise Unavailable("it may still be on its way", code="in_progress")
    return await book.refused(row, "never_arrived")


async def _refund_as_it_stands(ctx: Context, book: Book, row: Request) -> RefundResult:
    try:
        row = await _find(ctx, book, row)
        if row.state == "refused":
            return RefundResult(key=row.key, outcome=Outcome.NOT_SENT, code=row.code)
        found = await ask(ctx, "GET", f"refunds/{row.ref}", Refund)
        return refund_result(row.key, found.payment, found)
    except AskProError as error:
        return RefundResult(key=row.key, outcome=Outcome.UNKNOWN, provider_ref=row.ref, code=error.code)
