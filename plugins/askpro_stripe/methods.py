"""Saved methods: list, default, remove; and Stripe's own page for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from askpro.errors import InvalidInput, NotFound
from askpro.sdk import Context, CustomerRef, SavedMethod
from askpro_stripe.book import Book
from askpro_stripe.client import Gone, Stale, ask, connect, newest
from askpro_stripe.connected import scope_now
from askpro_stripe.outcomes import identifier, method_of
from askpro_stripe.params import locale_of

__all__ = ("list_methods", "open_portal", "remove_method", "set_default_method")


async def list_methods(ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
    """See SavedMethods. Newest first; where the customer has chosen none, the newest is the default."""
    scope = await scope_now(ctx)
    ref = await Book(ctx).customer(scope, customer.id)
    if not ref:
        return []
    api = connect(ctx, scope)
    try:
        known, found = await asyncio.gather(
            ask(api.customers.retrieve_async(ref)),
            newest(api.customers.payment_methods.list_async(ref, {"limit": 100}), most=100),
        )
    except (Gone, Stale):
        return []
    if known.get("deleted"):
        return []
    chosen = identifier((known.get("invoice_settings") or {}).get("default_payment_method"))
    refs = [str(one["id"]) for one in found]
    default = chosen if chosen in refs else next(iter(refs), "")
    return [
        method_of(str(one["id"]), str(one["type"]), one.get(str(one["type"])) or {}, default=one["id"] == default)
        for one in found
    ]


async def remove_method(ctx: Context, customer: CustomerRef, ref: str) -> None:
    """See SavedMethods."""
    scope = await scope_now(ctx)
    owner = await Book(ctx).customer(scope, customer.id)
    if not owner:
        return
    api = connect(ctx, scope)
    try:
        await ask(api.customers.payment_methods.retrieve_async(owner, ref))  # only this customer's own
        await ask(api.payment_methods.detach_async(ref))
    except (Gone, Stale):
        return


async def set_default_method(ctx: Context, customer: CustomerRef, ref: str) -> None:
    """See SavedMethods."""
    scope = await scope_now(ctx)
    owner = await Book(ctx).customer(scope, customer.id)
    api = connect(ctx, scope)
    try:
        if not owner:
            raise Gone("no customer")
        await ask(api.customers.payment_methods.retrieve_async(owner, ref))
    except (Gone, Stale) as error:
        raise InvalidInput("this customer has no such method", code="method_unknown") from error
    await ask(api.customers.update_async(owner, {"invoice_settings": {"default_payment_method": ref}}))


async def open_portal(ctx: Context, customer: CustomerRef, return_url: str) -> str:
    """See Portal. What it shows is set up at Stripe."""
    scope = await scope_now(ctx)
    owner = await Book(ctx).customer(scope, customer.id)
    if not owner:
        raise NotFound("this customer has never paid here", code="customer_unknown")
    session = await ask(
        connect(ctx, scope).billing_portal.sessions.create_async(
            {
                "customer": owner,
                "return_url": return_url,
                "locale": locale_of(customer.locale),
            }
        )
    )
    return str(session["url"])
