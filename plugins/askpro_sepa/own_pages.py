"""A customer's own mandates and collections: what is coming, what was agreed to, and how to take it back."""

from __future__ import annotations

from uuid import UUID

from askpro.errors import NotFound
from askpro.sdk import PageContext, PageRequest, Reply
from askpro_sepa import debits, mandates, speech
from askpro_sepa.agreeing import revoke
from askpro_sepa.model import Mandate
from askpro_sepa.reasons import said
from askpro_sepa.rows import debit_row, mandate_row
from askpro_sepa.settings import settings_of
from askpro_sepa.store import Book, open_book
from askpro_sepa.telling import tell_quietly

__all__ = ("revoke_own", "show_own", "show_own_mandate")


async def show_own(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /mine``: the announcement of what is coming stands here as well as in the mail."""
    del request
    async with open_book(ctx) as book:
        found = await debits.of_customer(book, ctx.customer)
        held = await mandates.of_customer(book, ctx.customer)
        day = book.today
    rows = [debit_row(one, ctx.locale, ctx.gettext, {m.id: m for m in held}) for one in found]
    return ctx.render(
        "sepa/mine.html",
        coming=[row for row in rows if row.state in ("queued", "exported")],
        past=[row for row in rows if row.state not in ("queued", "exported")][:20],
        mandates=[mandate_row(one, ctx.locale, day) for one in held if not one.single],
        creditor=settings_of(ctx).creditor_name,
    )


async def show_own_mandate(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /mine/{id}``: its text, and the button that ends it. Raises NotFound."""
    async with open_book(ctx) as book:
        mandate = await _own(ctx, book, UUID(request.path["id"]))
        day = book.today
    return ctx.render(
        "sepa/mandate.html", mandate=mandate_row(mandate, ctx.locale, day), paragraphs=mandate.text.split("\n\n"),
        staff=False, action=f"{ctx.root}/mine/{mandate.id}", back=f"{ctx.root}/mine",
        signed=speech.moment(mandate.signed_at, ctx.locale), collections=[], why=ctx.gettext(said(mandate.reason)),
    )  # fmt: skip


async def revoke_own(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /mine/{id}``: the customer takes it back."""
    async with open_book(ctx) as book:
        mandate = await _own(ctx, book, UUID(request.path["id"]))
        await revoke(book, mandate, "revoked_by_customer", ctx.actor)
    await tell_quietly(ctx)
    return Reply.redirect(f"{ctx.root}/mine")


async def _own(ctx: PageContext, book: Book, identifier: UUID) -> Mandate:
    mandate = await mandates.by_id(book, identifier)
    if mandate.customer != ctx.customer:
        raise NotFound
    return mandate
