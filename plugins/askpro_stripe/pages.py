"""Pages of Checkout: one that takes money, one that saves a method."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk import CheckoutRequest, CheckoutSession, Context, CustomerRef, SetupRequest
from askpro_stripe import params
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import Stale, connect
from askpro_stripe.connected import scope_now
from askpro_stripe.customers import ensure_customer
from askpro_stripe.lost import send
from askpro_stripe.scope import Scope, settings_of

__all__ = ("create_checkout", "create_setup")

Build = Callable[[Scope, Money | None, str], dict[str, Any]]


async def create_checkout(ctx: Context, request: CheckoutRequest) -> CheckoutSession:
    """See PaymentProvider."""
    tenant = tenant_of(ctx)

    def build(scope: Scope, fee: Money | None, customer: str) -> dict[str, Any]:
        return params.checkout(request, tenant, scope, fee, customer, ctx.now())

    return await _page(ctx, "payment", "checkout", request.key, request.customer, build,
                       amount=request.amount, wanted=request.platform_fee)  # fmt: skip


async def create_setup(ctx: Context, request: SetupRequest) -> CheckoutSession:
    """See Setup."""
    tenant = tenant_of(ctx)

    def build(scope: Scope, fee: Money | None, customer: str) -> dict[str, Any]:
        del scope, fee
        return params.saving_page(request, tenant, customer)

    return await _page(ctx, "setup", "setup", request.key, request.customer, build)


async def _page(
    ctx: Context,
    family: Literal["payment", "setup"],
    kind: str,
    key: str,
    customer: CustomerRef,
    build: Build,
    *,
    amount: Money | None = None,
    wanted: Money | None = None,
) -> CheckoutSession:
    book = Book(ctx)
    known = await book.find(family, key)
    if known is not None:
        known.must_be(kind, customer.id, amount)
        if known.ref:
            return _session(known)
        if known.state == "sent" and (found := await _again(ctx, book, known)) is not None:
            return found
    scope = await scope_now(ctx)
    fee = params.fee_of(settings_of(ctx), scope, amount, wanted) if amount else None
    ref = await ensure_customer(ctx, scope, customer)
    for last in (False, True):
        entered, ours = await book.enter(
            family, key, kind, scope, subject=customer.id, amount=amount, fee=fee, params=build(scope, fee, ref)
        )
        try:
            return _session(entered) if entered.ref else await _open(ctx, book, entered, first=ours)
        except Stale:
            await book.forget_customer(scope, ref)
            if last:
                raise
            ref = await ensure_customer(ctx, scope, customer, instead_of=ref)
    raise AssertionError("not reached")


async def _again(ctx: Context, book: Book, known: Request) -> CheckoutSession | None:
    """The page whose address got lost. None: it never came to be, or has closed by now, seen by nobody."""
    if not known.repeatable(ctx.now()):
        await book.refused(known, "never_answered")
        return None
    try:
        return await _open(ctx, book, known, first=False)
    except InvalidInput:  # what was right then is too late now: so Stripe had not seen it
        return None


async def _open(ctx: Context, book: Book, request: Request, *, first: bool) -> CheckoutSession:
    scope = request.scope(ctx)
    session = await send(
        book,
        request,
        connect(ctx, scope).checkout.sessions.create_async(
            request.sent,
            {"idempotency_key": request.idempotency(tenant_of(ctx).id)},
        ),
        first=first,
    )
    expires = datetime.fromtimestamp(int(session["expires_at"]), UTC)
    return _session(await book.known(request, str(session["id"]), str(session.get("url") or ""), expires))


def _session(request: Request) -> CheckoutSession:
    return CheckoutSession(
        key=request.key, provider_ref=request.ref, url=request.url, expires_at=request.expires_at or request.sent_at
    )
