"""The checkout page: what happens next is chosen here. Plain forms, no JavaScript."""

from __future__ import annotations

import logging
from uuid import UUID

from askpro.errors import Conflict, NotFound
from askpro.sdk import PageContext, PageRequest, Reply
from askpro_sandbox.provider import decide, open_book, tell

__all__ = ("choose_page", "show_page")

_BEHAVIOURS = ("succeed", "decline", "confirm", "pending", "timeout")


async def show_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/sandbox/checkout/{id}``. Raises NotFound."""
    async with open_book(ctx) as book:
        payment = await book.by_id(UUID(request.path["id"]))
    if payment is None or payment.kind != "checkout":
        raise NotFound()
    return ctx.render(
        "sandbox/checkout.html",
        payment=payment,
        amount=ctx.format_money(payment.amount),
        action=f"{ctx.root}/checkout/{payment.id}",
        behaviours=_BEHAVIOURS,
    )


async def choose_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/sandbox/checkout/{id}`` with ``choice``. Raises NotFound.

    Choosing twice (a reload, the back button) changes nothing and leads to the same place.
    """
    identifier = UUID(request.path["id"])
    behaviour = request.form.get("later", "succeed")
    try:
        choice = request.form.get("choice", "")
        payment = await decide(ctx, identifier, choice, behaviour if behaviour in _BEHAVIOURS else "succeed")
    except Conflict:
        async with open_book(ctx) as book:
            payment = await book.by_id(identifier)
    if payment is None or payment.kind != "checkout":
        raise NotFound()
    try:
        await tell(ctx)
    except Exception:  # the job tells it again
        ctx.log.warning("an event was not taken", exc_info=logging.getLogger().isEnabledFor(logging.DEBUG))
    if payment.state in ("open", "challenge"):
        return Reply.redirect(f"{ctx.root}/checkout/{payment.id}")
    return Reply.redirect(payment.cancel_url if payment.code == "cancelled" else payment.return_url)
