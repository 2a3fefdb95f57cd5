"""A page for the reseller's staff: what was asked of Kassenwerk."""

from __future__ import annotations

from askpro.errors import N_
from askpro.sdk import PageContext, PageRequest, Reply

from askpro_kassenwerk.book import Book

__all__ = ("requests_page",)

_MOST = 50
_STATES = {"sent": N_("no answer yet"), "known": N_("at Kassenwerk"), "refused": N_("not sent")}
_FAMILIES = {"payment": N_("Payment"), "refund": N_("Refund")}


async def requests_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/kassenwerk/requests``. How much was paid is the house's own page to say."""
    del request
    rows = [
        {
            "what": ctx.gettext(_FAMILIES[one.family]),
            "ref": one.ref or "–",
            "state": ctx.gettext(_STATES[one.state]),
            "amount": ctx.format_money(one.amount),
            "at": one.sent_at,
        }
        for one in await Book(ctx).latest(_MOST)
    ]
    return ctx.render("kassenwerk/requests.html", rows=rows)
