"""Sending what is written down, and finding again what was sent when the answer got lost.

Lists are asked, never Stripe's search: a list shows what was made a moment ago, search may be minutes behind. An
object that is in no list is missing for sure only when every request that could still make it has ended, and the list
was read to its end.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from askpro.errors import InvalidInput, NotFound, Unavailable
from askpro.sdk import Context, NotSent
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import ask, connect, each
from askpro_stripe.params import KEY, TENANT

__all__ = ("find_lost", "send", "still_under_way")

_UNDER_WAY = timedelta(minutes=4)  # the host gives up after half a minute, Stripe itself within two
_SKEW = timedelta(minutes=10)


async def send(book: Book, request: Request, call: Awaitable[Any], *, first: bool = True) -> dict[str, Any]:
    """Ask, and write down when it is proved that nothing was done. Errors as ``client.ask``, without Gone.

    ``first=False`` repeats a request whose answer was lost: that the repetition did not arrive proves nothing.
    """
    try:
        return await ask(call)
    except NotSent as error:
        if not first:
            raise Unavailable(error.detail, code=error.code) from error
        await book.refused(request, error.code)
        raise
    except (InvalidInput, NotFound) as error:
        await book.refused(request, error.code)
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(error.detail, code=error.code, field=error.field) from error


def still_under_way(request: Request, ctx: Context) -> bool:
    """Whether a request that was sent may still be on its way."""
    return ctx.now() - request.sent_at < _UNDER_WAY


async def find_lost(ctx: Context, request: Request) -> Request:
    """The request with its number; state ``refused`` when it is proved that it never arrived.

    Raises Unavailable while that cannot be told (the list was too long to be read as well), and what ``client.ask``
    raises.
    """
    book, tenant = Book(ctx), str(tenant_of(ctx).id)
    async with aclosing(each(_candidates(ctx, request))) as candidates:
        async for one in candidates:
            metadata = one.get("metadata") or {}
            if (metadata.get(TENANT), metadata.get(KEY)) == (tenant, request.key):
                return await book.known(request, str(one["id"]), str(one.get("url") or ""), request.expires_at)
    if still_under_way(request, ctx):
        raise Unavailable("it may still be on its way", code="in_progress")
    return await book.refused(request, "never_arrived")


def _candidates(ctx: Context, request: Request) -> Awaitable[Any]:
    """The list in which it is, if it is anywhere. Of a customer's things only those of the time when it can be made."""
    api = connect(ctx, request.scope(ctx))
    sent = request.sent
    match request.kind:
        case "refund":
            call = api.refunds.list_async({"payment_intent": sent["payment_intent"], "limit": 100})
        case "payout" | "transfer":
            call = api.transfers.list_async({"transfer_group": sent["transfer_group"], "limit": 100})
        case "reversal":
            call = api.transfers.reversals.list_async(sent["transfer"], {"limit": 100})
        case "charge":
            made = _made(request.sent_at, request.sent_at + _UNDER_WAY)
            call = api.payment_intents.list_async({"customer": sent["customer"], "created": made, "limit": 100})
        case _:  # a page may be asked for again as long as Stripe remembers its key
            made = _made(request.sent_at, request.repeatable_until + _UNDER_WAY)
            call = api.checkout.sessions.list_async({"customer": sent["customer"], "created": made, "limit": 100})
    asked: Awaitable[Any] = call
    return asked


def _made(first: datetime, last: datetime) -> dict[str, int]:
    """Between these two instants by our clock, in Stripe's seconds."""
    return {"gte": int((first - _SKEW).timestamp()), "lte": int((last + _SKEW).timestamp())}
