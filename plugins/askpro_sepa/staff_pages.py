"""The reseller's room: what waits, files for the bank, what the bank sent back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from askpro.errors import N_, AskProError, Conflict, InvalidInput
from askpro.money import Money
from askpro.sdk import PageContext, PageRequest, Reply
from askpro_sepa import debits, files, mandates, speech
from askpro_sepa.bank import read_file, settle_file
from askpro_sepa.exporting import export, undo
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit
from askpro_sepa.rows import DebitRow, debit_row, file_row
from askpro_sepa.store import Book, open_book

__all__ = (
    "download",
    "export_now",
    "mark_collected",
    "mark_unsent",
    "rows_of",
    "show_file",
    "show_queue",
    "show_upload",
    "upload",
)

_NOTES: Mapping[str, tuple[str, str]] = {
    "stopped": ("info", N_("There was nothing to write: the mandates of what waited have ended.")),
    "sepa_not_sent": ("bad", N_("This collection stands in no file, or it came back before.")),
    "nothing": ("info", N_("There is nothing to write.")),
    "aside": ("warn", N_("Nothing was written: the collections below cannot stand in a file yet, or not as they are.")),
    "undone": ("ok", N_("The collections of this file wait again.")),
    "collected": ("ok", N_("What was due in this file is marked as collected.")),
    "sepa_sent": ("bad", N_("The bank has acted on this file already, so it was sent.")),
    "sepa_undone": ("bad", N_("This file was taken back before.")),
    "sepa_early": ("bad", N_("Nothing in this file is due yet.")),
    "sepa_settings": ("bad", N_("With the present settings no file can be written. Please check them.")),
    "sepa_other_account": ("bad", N_("This is a statement of another account.")),
    "no_file": ("bad", N_("Please choose a file.")),
    "unreadable": ("bad", N_("This file is neither camt.053 nor pain.002, or it is damaged.")),
    "failed": ("bad", N_("No file was written: it did not pass our checks.")),
}
_FINDINGS: Mapping[str, str] = {
    "problem": N_("The statement contradicts itself."),
    "return_unknown": N_("Returned, but not one of our collections."),
    "amount_differs": N_("Booked with another amount than collected; not credited."),
    "batch_unknown": N_("A sum of direct debits that fits no file; mark the file as collected if it is one of these."),
    "batch_differs": N_("The sum differs from what is open in the file; not credited."),
    "file_rejected": N_("The bank refused the whole file. Nobody was debited: take it back and write it anew."),
    "batch_rejected": N_("The bank refused a batch. Nobody in it was debited."),
    "settled_unsent": N_("Booked by the bank although it stands in no file."),
    "settled_again": N_("Booked twice. Please check whether it was collected twice; credited it was once."),
    "booked_after_return": N_("Booked although it had come back or was refused; not credited. Please check."),
    "returned_again": N_("Returned more often than it was booked. Please check with the bank."),
    "return_differs": N_(
        "Returned with another amount than collected; not taken back. If it did come back, enter the return at the"
        " collection."
    ),
    "other_file": N_(
        "Refused in a file that was taken back, or in another one than the collection lies in now; nothing was changed."
    ),
}


async def show_queue(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff``."""
    async with open_book(ctx) as book:
        days = await debits.queue_days(book)
        made, waiting = await files.latest(book), await files.outstanding(book)
        faulty = [one for one in await debits.search(book, "queued") if one.fault]
        rows = await rows_of(ctx, book, faulty)
        read = await files.uploads(book)
    locale = ctx.locale
    look, text = _NOTES.get(request.query.get("note", ""), ("", ""))
    return ctx.render(
        "sepa/staff.html",
        days=[
            {"day": speech.day(day, locale), "iso": str(day), "count": count, "amount": _euro(units, locale),
             "unannounced": silent, "faulty": bad}
            for day, count, units, silent, bad in days
        ],
        count=sum(one[1] for one in days),
        amount=_euro(sum(one[2] for one in days), locale),
        faulty=rows,
        files=[file_row(one, locale, waiting.get(one.id, 0)) for one in made],
        uploads=[{**dict(one), "at": speech.moment(one["created_at"], locale)} for one in read],
        note=ctx.gettext(text) if text else "",
        look=look,
    )  # fmt: skip


async def export_now(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/export`` with ``until`` (ISO date; empty: everything)."""
    try:
        until = date.fromisoformat(request.form.get("until") or str(date.max))
        done = await export(ctx, until)
    except ValueError:
        return Reply.redirect(f"{ctx.root}/staff")
    except InvalidInput as error:
        ctx.log.error("no file was written: %s", error.code)  # the detail may quote an account
        return _back(ctx, "sepa_settings" if error.code == "sepa_settings" else "failed")
    if done.file is None:
        return _back(ctx, "aside" if done.set_aside else "stopped" if done.stopped else "nothing")
    return Reply.redirect(f"{ctx.root}/staff/files/{done.file.id}")


async def show_file(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/files/{id}``. Raises NotFound."""
    identifier = UUID(request.path["id"])
    async with open_book(ctx) as book:
        file = await files.get(book, identifier)
        inside = await debits.of_file(book, identifier)
        rows = await rows_of(ctx, book, inside)
        day = book.today
    waiting = [one for one in inside if one.state == "exported"]
    look, text = _NOTES.get(request.query.get("note", ""), ("", ""))
    return ctx.render(
        "sepa/file.html",
        file=file_row(file, ctx.locale, len(waiting)),
        rows=rows,
        can_undo=file.state == "exported" and not any(one.state in ("settled", "returned") for one in inside),
        can_settle=file.state == "exported" and any(one.collect_on and one.collect_on <= day for one in waiting),
        note=ctx.gettext(text) if text else "",
        look=look,
    )


async def download(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/files/{id}/download``: the same bytes every time. Raises NotFound."""
    identifier = UUID(request.path["id"])
    async with open_book(ctx) as book:
        file = await files.get(book, identifier)
        data = await files.body(book, identifier)
    name = {"Content-Disposition": f'attachment; filename="{file.message_id}.xml"'}
    return Reply(data, content_type="application/xml", headers=name)


async def mark_collected(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/files/{id}/collected``."""
    identifier = UUID(request.path["id"])
    try:
        if request.form.get("sure") == "1":
            await settle_file(ctx, identifier)
    except Conflict as error:
        return _back(ctx, error.code, f"/files/{identifier}")
    return _back(ctx, "collected" if request.form.get("sure") == "1" else "", f"/files/{identifier}")


async def mark_unsent(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/files/{id}/unsent``."""
    identifier = UUID(request.path["id"])
    try:
        if request.form.get("sure") == "1":
            await undo(ctx, identifier)
    except Conflict as error:
        return _back(ctx, error.code, f"/files/{identifier}")
    return _back(ctx, "undone" if request.form.get("sure") == "1" else "")


async def upload(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /staff/upload`` with a file in ``statement``."""
    sent = request.files.get("statement")
    if sent is None or not sent.data:
        return _back(ctx, "no_file")
    try:
        identifier = await read_file(ctx, sent.name, sent.data)
    except AskProError as error:
        ctx.log.info("a bank's file was refused: %s", error.code)
        return _back(ctx, error.code if error.code in _NOTES else "unreadable")
    return Reply.redirect(f"{ctx.root}/staff/uploads/{identifier}")


async def show_upload(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /staff/uploads/{id}``: what came of it. Raises NotFound."""
    async with open_book(ctx) as book:
        name, kind, report, at, again = await files.upload(book, UUID(request.path["id"]))
    read = Report.read(report)
    found = [(ctx.gettext(_FINDINGS.get(one.what, _FINDINGS["problem"])), one) for one in read.findings]
    when = speech.moment(at, ctx.locale)
    return ctx.render("sepa/upload.html", name=name, kind=kind, at=when, again=again, report=read, findings=found)


async def rows_of(ctx: PageContext, book: Book, found: list[Debit]) -> list[DebitRow]:
    """With their mandates."""
    known = {one.id: one for one in await mandates.by_ids(book, [d.mandate_id for d in found if d.mandate_id])}
    return [debit_row(one, ctx.locale, ctx.gettext, known) for one in found]


def _back(ctx: PageContext, note: str, place: str = "") -> Reply:
    return Reply.redirect(f"{ctx.root}/staff{place}" + (f"?note={note}" if note else ""))


def _euro(units: int, locale: str) -> str:
    return speech.money(Money(units, "EUR"), locale)
