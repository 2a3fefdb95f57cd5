"""How a payment stands: read from Stripe, never from an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from askpro.errors import AskProError
from askpro.sdk import ChargeResult, Context, Outcome, Waiting
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import Gone, ask, connect
from askpro_stripe.lost import find_lost
from askpro_stripe.outcomes import of_intent, of_session
from askpro_stripe.params import KEY, TENANT
from askpro_stripe.scope import Scope, scope_for_new
from askpro_stripe.shares_waiting import note_settled

__all__ = ("INTENT", "SESSION", "is_ours", "learn", "look_up", "read_intent", "read_session", "unknown")

INTENT = ["latest_charge.balance_transaction"]
SESSION = ["payment_intent.latest_charge.balance_transaction"]
"""What is read together with a payment, so that one answer tells everything."""


async def look_up(ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
    """See PaymentProvider. What was never written down was never sent, unless Stripe's own object says it is ours."""
    known = await Book(ctx).find("payment", key)
    if known is not None:
        return await learn(ctx, known)
    if not provider_ref.startswith(("cs_", "pi_")):
        return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
    try:
        scope = scope_for_new(ctx)
        read = read_session if provider_ref.startswith("cs_") else read_intent
        thing = await read(ctx, scope, provider_ref)
    except Gone:
        return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
    except AskProError as error:
        return ChargeResult(key=key, outcome=Outcome.UNKNOWN, code=error.code)
    if not is_ours(ctx, thing, key):
        return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
    return (of_session if provider_ref.startswith("cs_") else of_intent)(key, scope.account, thing)


async def learn(ctx: Context, request: Request) -> ChargeResult:
    """What became of a request for money. UNKNOWN, with a code, whenever Stripe cannot be asked."""
    return await note_settled(ctx, request, await _learn(ctx, request))


async def _learn(ctx: Context, request: Request) -> ChargeResult:
    if request.state == "refused":
        return ChargeResult(key=request.key, outcome=Outcome.NOT_SENT, account=request.account, code=request.code)
    try:
        if not request.ref:
            request = await find_lost(ctx, request)
            if request.state == "refused":
                return ChargeResult(
                    key=request.key, outcome=Outcome.NOT_SENT, account=request.account, code=request.code
                )
        scope = request.scope(ctx)
        if request.kind == "checkout":
            return of_session(request.key, request.account, await read_session(ctx, scope, request.ref))
        result = of_intent(request.key, request.account, await read_intent(ctx, scope, request.ref))
        if request.action_ref and result.outcome is Outcome.DECLINED:
            return await _confirmed(ctx, scope, request, result)
        return result
    except AskProError as error:  # also Gone: Stripe had it once, so the keys have changed
        return unknown(request, error.code)


async def _confirmed(ctx: Context, scope: Scope, request: Request, refused: ChargeResult) -> ChargeResult:
    """A refused charge whose customer was sent a page: paid there, or still refused."""
    page = of_session(request.key, request.account, await read_session(ctx, scope, request.action_ref))
    if page.outcome is Outcome.DECLINED:
        return replace(refused, code="authentication_required", terminal=True)
    if page.outcome is Outcome.PENDING and page.waiting is Waiting.CUSTOMER:
        return replace(refused, code="authentication_required", terminal=True, action_url=request.action_url)
    return page


def is_ours(ctx: Context, thing: Any, key: str | None = None) -> bool:
    """Whether an object says in its metadata that it is this tenant's, and of that key."""
    metadata = (thing.get("metadata") or {}) if isinstance(thing, Mapping) else {}
    return metadata.get(TENANT) == str(tenant_of(ctx).id) and key in (None, metadata.get(KEY))


async def read_session(ctx: Context, scope: Scope, ref: str) -> dict[str, Any]:
    """A page of Checkout with its payment. Errors as ``client.ask``."""
    return await ask(connect(ctx, scope).checkout.sessions.retrieve_async(ref, {"expand": SESSION}))


async def read_intent(ctx: Context, scope: Scope, ref: str) -> dict[str, Any]:
    """A PaymentIntent with its charge. Errors as ``client.ask``."""
    return await ask(connect(ctx, scope).payment_intents.retrieve_async(ref, {"expand": INTENT}))


def unknown(request: Request, code: str) -> ChargeResult:
    """Nobody can say now."""
    return ChargeResult(
        key=request.key, outcome=Outcome.UNKNOWN, provider_ref=request.ref, account=request.account, code=code
    )
