"""What staff see: uploads, the queue of payments that nobody but a person can place, and one payment."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any
from uuid import UUID

from babel.numbers import get_decimal_symbol

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.sdk import PageContext, PageRequest, Reply, sheet_cell
from askpro_banktransfer import desk
from askpro_banktransfer.intake import take_in
from askpro_banktransfer.matching import names_fit
from askpro_banktransfer.model import Movement
from askpro_banktransfer.movements import open_books
from askpro_banktransfer.references import grouped
from askpro_banktransfer.telling import tell_in_time
from askpro_banktransfer.words import DONE, REASONS, REFUSALS, STATES

__all__ = (
    "aside_page",
    "assign_page",
    "clear_page",
    "payment_page",
    "queue_csv",
    "queue_page",
    "statements_page",
    "undo_page",
    "upload_page",
)

_SHOWN = 200


async def statements_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/banktransfer/statements``."""
    return await _statements(ctx, request)


async def upload_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/statements`` with the file ``statement``."""
    file = request.files.get("statement")
    if file is None:
        return await _statements(ctx, request, refusal="file_missing")
    try:
        upload, new = await take_in(ctx, file.name, file.data)
    except InvalidInput as error:
        return await _statements(ctx, request, refusal=error.code, detail=error.detail)
    await tell_in_time(ctx)
    more = "" if new else "&done=known"
    return Reply.redirect(f"{ctx.root}/statements?file={upload.id}{more}")


async def _statements(ctx: PageContext, request: PageRequest, *, refusal: str = "", detail: str = "") -> Reply:
    async with open_books(ctx) as (transfers, movements):
        uploads = await movements.uploads()
        counts = await movements.counts()
        waiting = await transfers.waiting()
        chosen = _uuid(request.query.get("file", ""))
        told = await movements.upload(identifier=chosen) if chosen else None
    return _rendered(
        ctx,
        request,
        "statements",
        refusal,
        detail=detail,
        uploads=uploads,
        told=told,
        queued=sum(counts.values()),
        waiting=waiting,
        iban=ctx.settings.iban,
    )


async def queue_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/banktransfer/queue``: with ``reason`` those that wait for it; ``show=decided``: what was decided."""
    return await _queue(ctx, request)


async def _queue(ctx: PageContext, request: PageRequest, *, refusal: str = "") -> Reply:
    reason = request.query.get("reason", "")
    reason = reason if reason in REASONS else ""
    decided = request.query.get("show") == "decided"
    async with open_books(ctx) as (_, movements):
        counts = await movements.counts()
        rows = await movements.decided() if decided else await movements.queue(reason, limit=_SHOWN)
    return _rendered(
        ctx,
        request,
        "queue",
        refusal,
        rows=rows,
        reason=reason,
        decided=decided,
        counts={name: counts[name] for name in REASONS if name in counts},
        total=sum(counts.values()),
        more=not decided and len(rows) == _SHOWN,
    )


async def clear_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/queue``: all that fits no order is not ours; ``note`` says why."""
    try:
        await desk.set_aside_unknown(ctx, request.form.get("note", ""))
    except InvalidInput as error:
        return await _queue(ctx, request, refusal=error.code)
    return Reply.redirect(f"{ctx.root}/queue?done=foreign")


async def queue_csv(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/banktransfer/queue.csv``: the queue as a file for a spreadsheet."""
    reason = request.query.get("reason", "")
    async with open_books(ctx) as (_, movements):
        rows = await movements.queue(reason if reason in REASONS else "", limit=10_000)
    comma = get_decimal_symbol(ctx.locale.replace("-", "_")) == ","
    text = StringIO()
    writer = csv.writer(text, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow(("booked", "amount", "currency", "name", "iban", "text", "bank_reference", "reason"))
    for one in rows:
        amount = f"{one.signed.decimal:.6f}".replace(".", "," if comma else ".")
        day = one.booked_on.isoformat() if one.booked_on else ""
        written = (one.name, one.iban, one.text, one.bank_ref, one.reason)
        writer.writerow((day, amount, one.amount.currency, *map(sheet_cell, written)))
    headers = {"Content-Disposition": 'attachment; filename="bank-transfers.csv"'}
    return Reply(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers)


async def payment_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/banktransfer/queue/{id}``. Raises NotFound."""
    return await _payment(ctx, request)


async def assign_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/queue/{id}/assign`` with ``transfer`` (an id), or ``words`` that name one."""
    chosen = request.form.get("transfer", "")
    try:
        after = await desk.assign(ctx, _id(request), chosen or request.form.get("words", ""))
    except (Conflict, NotFound) as error:
        if error.code not in REFUSALS:
            raise
        return await _payment(ctx, request, refusal=error.code)
    await tell_in_time(ctx)
    done = "credited" if after.state == "settled" else "assigned"
    return Reply.redirect(f"{ctx.root}/queue/{_id(request)}?done={done}")


async def aside_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/queue/{id}/aside`` with ``state`` (returned or foreign) and ``note``."""
    state = "returned" if request.form.get("state") == "returned" else "foreign"
    try:
        await desk.put_aside(
            ctx, _id(request), "returned" if state == "returned" else "foreign", request.form.get("note", "")
        )
    except (Conflict, InvalidInput) as error:
        return await _payment(ctx, request, refusal=error.code)
    return Reply.redirect(f"{ctx.root}/queue?done={state}")


async def undo_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/queue/{id}/undo``."""
    try:
        await desk.undo(ctx, _id(request))
    except Conflict as error:
        return await _payment(ctx, request, refusal=error.code)
    return Reply.redirect(f"{ctx.root}/queue/{_id(request)}?done=undone")


async def _payment(ctx: PageContext, request: PageRequest, *, refusal: str = "") -> Reply:
    case = await desk.open_case(ctx, _id(request))
    return _rendered(
        ctx,
        request,
        "payment",
        refusal,
        case=case,
        movement=case.movement,
        fits={one.id for one in case.candidates if names_fit(case.movement.name, one.customer_name)},
        words=request.form.get("words", ""),
        note=request.form.get("note", ""),
    )


def _rendered(ctx: PageContext, request: PageRequest, page: str, refusal: str, **values: Any) -> Reply:
    look, said = DONE.get(request.query.get("done", ""), ("", ""))
    reply = ctx.render(
        f"banktransfer/{page}.html",
        reasons={code: ctx.gettext(text) for code, text in REASONS.items()},
        states={code: ctx.gettext(text) for code, text in STATES.items()},
        grouped=grouped,
        money=ctx.format_money,
        signed=_signed(ctx),
        done=ctx.gettext(said) if said and not refusal else "",
        done_look=look,
        refusal=ctx.gettext(REFUSALS.get(refusal, refusal)) if refusal else "",
        **{"detail": "", **values},
    )
    return Reply(reply.body, status=422 if refusal else 200, content_type=reply.content_type)


def _signed(ctx: PageContext) -> Any:
    def signed(movement: Movement) -> str:
        return ("+" if movement.credit else "\N{MINUS SIGN}") + ctx.format_money(movement.amount)

    return signed


def _id(request: PageRequest) -> UUID:
    return UUID(request.path["id"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
