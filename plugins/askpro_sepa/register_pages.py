"""The reseller's lists: mandates, collections, returns; to read, to search, to take along as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from uuid import UUID

from askpro.errors import N_, Conflict
from askpro.sdk import PageContext, PageRequest, Reply, sheet_cell
from askpro_sepa import debits, mandates, speech
from askpro_sepa.agreeing import cancel, revoke
from askpro_sepa.bank import enter_return
from askpro_sepa.reasons import REASONS
from askpro_sepa.rows import STATES, mandate_row
from askpro_sepa.staff_pages import rows_of
from askpro_sepa.store import open_book
from askpro_sepa.telling import tell_quietly

__all__ = (
    "came_back",
    "collections_csv",
    "mandates_csv",
    "revoke_mandate",
    "show_collections",
    "show_mandate",
    "show_mandates",
    "show_returns",
    "withdraw",
)

_ALL = 50_000
_DEBIT_STATES = ("queued", "exported", "settled", "returned", "rejected", "cancelled")
_MANDATE_STATES = ("active", "revoked", "used")


async def show_collections(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/collections?state=…&q=…``."""
    state, text = _asked(request, _DEBIT_STATES)
    async with open_book(ctx) as book:
        rows = await rows_of(ctx, book, await debits.search(book, state, text))
    return ctx.render("sepa/collections.html", rows=rows, state=state, q=text, states=_choices(ctx, _DEBIT_STATES))


async def withdraw(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/collections/{id}/withdraw``: not collected after all."""
    async with open_book(ctx) as book:
        await cancel(book, UUID(request.path["id"]), "withdrawn_by_staff")
    await tell_quietly(ctx)
    return Reply.redirect(f"{ctx.root}/staff/collections?state=queued")


async def came_back(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/collections/{id}/returned`` with ``sure``: it came back, says a person. Raises NotFound."""
    note = ""
    try:
        if request.form.get("sure") == "1":
            await enter_return(ctx, UUID(request.path["id"]))
    except Conflict:
        note = "?note=sepa_not_sent"
    return Reply.redirect(f"{ctx.root}/staff/returns" if not note else f"{ctx.root}/staff{note}")


async def show_returns(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/returns``."""
    del request
    async with open_book(ctx) as book:
        rows = await rows_of(ctx, book, await debits.returns(book))
    return ctx.render("sepa/returns.html", rows=rows)


async def show_mandates(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/mandates?state=…&q=…``."""
    state, text = _asked(request, _MANDATE_STATES)
    async with open_book(ctx) as book:
        found, day = await mandates.search(book, text, state=state), book.today
    rows = [mandate_row(one, ctx.locale, day) for one in found]
    return ctx.render("sepa/mandates.html", rows=rows, state=state, q=text, states=_choices(ctx, _MANDATE_STATES))


async def show_mandate(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/mandates/{id}``. Raises NotFound."""
    async with open_book(ctx) as book:
        mandate = await mandates.by_id(book, UUID(request.path["id"]))
        rows = await rows_of(ctx, book, await debits.of_mandate(book, mandate.id))
        day = book.today
    why = ctx.gettext(REASONS[mandate.reason]) if mandate.reason in REASONS else mandate.reason
    return ctx.render(
        "sepa/mandate.html", mandate=mandate_row(mandate, ctx.locale, day), paragraphs=mandate.text.split("\n\n"),
        staff=True, action=f"{ctx.root}/staff/mandates/{mandate.id}", back=f"{ctx.root}/staff/mandates",
        signed=speech.moment(mandate.signed_at, ctx.locale), collections=rows, why=why,
        fault=ctx.gettext(N_("Please give a reason.")) if request.query.get("note") == "reason" else "",
    )  # fmt: skip


async def revoke_mandate(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/mandates/{id}`` with ``reason``; without one nothing happens."""
    place = f"{ctx.root}/staff/mandates/{request.path['id']}"
    reason = " ".join(request.form.get("reason", "").split())[:200]
    if not reason:
        return Reply.redirect(f"{place}?note=reason")
    async with open_book(ctx) as book:
        await revoke(book, await mandates.by_id(book, UUID(request.path["id"])), reason, ctx.actor)
    await tell_quietly(ctx)
    return Reply.redirect(place)


async def collections_csv(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/collections.csv`` with the same filter as the list."""
    state, text = _asked(request, _DEBIT_STATES)
    async with open_book(ctx) as book:
        found = await debits.search(book, state, text, _ALL)
        known = {one.id: one for one in await mandates.by_ids(book, [d.mandate_id for d in found if d.mandate_id])}
    heads = ("number", "created", "customer", "amount", "currency", "collection", "state", "code", "mandate", "account",
             "sequence", "reference", "announced", "settled")  # fmt: skip
    rows = (
        (one.end_to_end, one.created_at.date(), one.customer, f"{one.amount.decimal:.2f}", "EUR", one.collect_on,
         one.state, one.code, known[one.mandate_id].ref if one.mandate_id else "",
         known[one.mandate_id].label if one.mandate_id else "", one.sequence, one.reference, one.announced_on,
         one.settled_on)
        for one in found
    )  # fmt: skip
    return _csv("collections", heads, rows)


async def mandates_csv(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/mandates.csv`` with the same filter as the list; accounts masked."""
    state, text = _asked(request, _MANDATE_STATES)
    async with open_book(ctx) as book:
        found, day = await mandates.search(book, text, state=state, most=_ALL), book.today
    heads = ("reference", "customer", "name", "account", "scheme", "signed", "state", "reason", "first used",
             "last used", "text version")  # fmt: skip
    rows = (
        (one.ref, one.customer, one.name, one.label, one.scheme, one.signed_on, one.state_on(day), one.reason,
         one.first_used_on, one.last_used_on, one.text_version)
        for one in found
    )  # fmt: skip
    return _csv("mandates", heads, rows)


def _csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Reply:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([sheet_cell("" if value is None else str(value)) for value in row])
    headers = {"Content-Disposition": f'attachment; filename="sepa-{name}.csv"'}
    return Reply(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: PageRequest, known: Sequence[str]) -> tuple[str, str]:
    state = request.query.get("state", "")
    return state if state in known else "", request.query.get("q", "").strip()[:80]


def _choices(ctx: PageContext, states: Sequence[str]) -> list[tuple[str, str]]:
    return [(state, ctx.gettext(STATES[state][1])) for state in states]
