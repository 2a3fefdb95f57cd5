"""The sandbox as the core meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    CustomerRef,
    EventRefused,
    Feature,
    Outcome,
    ProviderCapabilities,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SavedMethod,
)
from askpro_sandbox import signing
from askpro_sandbox.book import Book, Method
from askpro_sandbox.machine import Payment, choose, due, result

__all__ = ("SandboxProvider", "decide", "open_book", "tell")


@asynccontextmanager
async def open_book(ctx: Context) -> AsyncIterator[Book]:
    """The tenant's books, in a transaction."""
    if ctx.tenant is None:
        raise InvalidInput("payments belong to a tenant")
    async with ctx.store.unit() as unit:
        yield Book(unit, ctx.tenant.id, ctx.now())


class SandboxProvider:
    """Idempotent by key, within one tenant."""

    key = "sandbox"
    title = "Test payment"

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """Every currency, every amount, test money."""
        del ctx
        features = (
            Feature.CHECKOUT, Feature.OFF_SESSION, Feature.SAVED_METHODS, Feature.REFUND, Feature.PARTIAL_REFUND,
        )  # fmt: skip
        return ProviderCapabilities(features=frozenset(features), methods=("card",), live=False)

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        """See PaymentProvider."""
        self._possible(ctx, request.amount)
        payment = Payment(
            id=new_id(),
            key=request.key,
            kind="checkout",
            amount=request.amount,
            description=request.description,
            customer=request.customer.id,
            saves=request.save_method,
            return_url=request.return_url,
            cancel_url=request.cancel_url,
            state="open",
            due_at=request.expires_at,
            created_at=ctx.now(),
        )
        async with open_book(ctx) as book:
            if not await book.add(payment):
                payment = await _same(book, payment)
        url = f"/x/sandbox/checkout/{payment.id}"
        return CheckoutSession(key=payment.key, provider_ref=payment.ref, url=url, expires_at=request.expires_at)

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        """See OffSession."""
        self._possible(ctx, request.amount)
        async with open_book(ctx) as book:
            method = await _method(book, request.customer, request.method)
            wanted = Payment(
                id=new_id(),
                key=request.key,
                kind="charge",
                amount=request.amount,
                description=request.description,
                customer=request.customer.id,
                method=method.id,
                state="open",
                created_at=ctx.now(),
            )
            payment = _behave(wanted, method.behaviour, ctx.now(), _delay(ctx))
            if not await book.add(payment):
                payment = await _same(book, payment)
            return result(payment, method.public)

    def _possible(self, ctx: Context, amount: Money) -> None:
        if not self.capabilities(ctx).takes(amount):
            raise InvalidInput("nothing, or less", code="amount_impossible")

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        """See PaymentProvider."""
        del provider_ref
        async with open_book(ctx) as book:
            payment = await book.by_key(key)
            if payment is None:
                return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
            saved = [one.public for one in await book.methods(payment.customer) if one.id == payment.method]
            return result(payment, saved[0] if saved else None)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """See PaymentProvider."""
        async with open_book(ctx) as book:
            secret = await book.secret()
        if secret is None:
            raise EventRefused("no event was ever signed for this tenant")
        return signing.verify(headers, body, secret, ctx.now())

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        """See Refunds: settled at once."""
        async with open_book(ctx) as book:
            payment = await book.by_key(request.payment_key)
            if payment is None or payment.state != "settled":
                raise InvalidInput("there is no settled payment to pay back", code="nothing_to_refund")
            if earlier := await book.refund_by_key(request.key):
                if (earlier[1], earlier[2]) != (payment.id, request.amount):
                    raise Conflict("this key belongs to another refund", code="key_reused")
                return _refunded(request.key, earlier[0], request)
            if request.amount.currency != payment.amount.currency or request.amount.units <= 0:
                raise InvalidInput("another currency, or nothing at all", code="refund_impossible")
            if await book.refunds(payment) + request.amount.units > payment.amount.units:
                raise InvalidInput("more than is left of the payment", code="refund_too_large")
            return _refunded(request.key, await book.add_refund(request.key, payment, request.amount.units), request)

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        """See Refunds."""
        del provider_ref
        async with open_book(ctx) as book:
            found = await book.refund_by_key(key)
        if found is None:
            return RefundResult(key=key, outcome=Outcome.NOT_SENT)
        return RefundResult(key=key, outcome=Outcome.SETTLED, amount=found[2], provider_ref=f"sbr_{found[0].hex}")

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        """See SavedMethods."""
        async with open_book(ctx) as book:
            return [one.public for one in await book.methods(customer.id)]

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """See SavedMethods."""
        async with open_book(ctx) as book:
            for one in await book.methods(customer.id):
                if one.public.ref == ref:
                    await book.remove_method(one.id)

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """See SavedMethods."""
        async with open_book(ctx) as book:
            await book.make_default(customer.id, (await _method(book, customer, ref)).id)


async def decide(ctx: Context, identifier: UUID, choice: str, behaviour: str = "succeed") -> Payment | None:
    """Choose on the page; None when there is no such payment. Raises Conflict when it is too late."""
    async with open_book(ctx) as book:
        payment = await book.by_id(identifier)
        if payment is None:
            return None
        payment = choose(payment, choice, ctx.now(), _delay(ctx))
        if payment.saves and payment.method is None and payment.state not in ("challenge", "declined"):
            payment = replace(payment, method=(await book.add_method(payment.customer, behaviour)).id)
        await book.change(payment)
    return payment


async def tell(ctx: Context) -> None:
    """Tell the core what has changed, one event a payment and state. What it does not take is told again later."""
    async with open_book(ctx) as book:
        untold = await book.untold()
    for payment in untold:
        await ctx.emit_event(
            signing.event_of(
                f"evt_{payment.id.hex}_{payment.state}", f"payment.{payment.state}", payment.key, payment.ref, ctx.now()
            )
        )
        async with open_book(ctx) as book:
            await book.told(payment)


def _behave(payment: Payment, behaviour: str, now: datetime, delay: timedelta) -> Payment:
    if behaviour == "confirm":  # the bank wants the customer, who is not there
        return replace(payment, state="declined", code="authentication_required")
    return due(choose(payment, behaviour, now, delay), now)


async def _same(book: Book, wanted: Payment) -> Payment:
    """The payment that already has this key. Raises Conflict when it is another one."""
    found = await book.by_key(wanted.key)
    if found is None or (found.kind, found.amount, found.customer) != (wanted.kind, wanted.amount, wanted.customer):
        raise Conflict("this key belongs to another payment", code="key_reused")
    return found


async def _method(book: Book, customer: CustomerRef, ref: str) -> Method:
    for one in await book.methods(customer.id):
        if one.public.ref == ref:
            return one
    raise InvalidInput("this customer has no such method", code="method_unknown")


def _refunded(key: str, identifier: UUID, request: RefundRequest) -> RefundResult:
    return RefundResult(key=key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref=f"sbr_{identifier.hex}")


def _delay(ctx: Context) -> timedelta:
    return timedelta(seconds=ctx.settings.delay_seconds)
