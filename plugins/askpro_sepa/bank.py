"""What the bank says decides: settled, rejected, given back. From camt.053 and pain.002, or from a person's word.

Reading the same file again changes nothing. In one file what came back is read first: a collection that was booked and
returned within it is never credited at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from uuid import UUID

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import Context, Entry, Statement, StatusLine, read_camt053, read_pain002
from askpro_sepa import debits, files, machine, mandates
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit
from askpro_sepa.reasons import CLOSING
from askpro_sepa.settings import settings_of
from askpro_sepa.store import Book, open_book
from askpro_sepa.telling import tell_quietly

__all__ = ("read_file", "settle_file")

_COLLECTED = ("IDDT", "+171+", "+192+", "+174+", "+194+")
"""Marks of a direct debit that was paid to us in a transaction code (ISO 20022, German GVC)."""


async def read_file(ctx: Context, name: str, data: bytes) -> UUID:
    """Read an uploaded camt.053 or pain.002 and act on it; the number of its report.

    Raises InvalidInput: neither of the two, unreadable, or a statement of another account.
    """
    report = Report()
    if b"pain.002" in data[:2000]:
        kind, lines = "pain.002", read_pain002(data)
        async with open_book(ctx) as book:
            await _reports(book, lines, report)
            identifier = await _kept(ctx, book, name, kind, data, report)
    else:
        kind, statements = "camt.053", read_camt053(data)
        settings = settings_of(ctx)
        if not any(one.account_iban == settings.iban for one in statements):
            raise InvalidInput("this is a statement of another account", code="sepa_other_account")
        async with open_book(ctx) as book:
            for one in statements:
                if one.account_iban == settings.iban:
                    await _statement(book, one, report)
            identifier = await _kept(ctx, book, name, kind, data, report)
    await tell_quietly(ctx)
    return identifier


async def _kept(ctx: Context, book: Book, name: str, kind: str, data: bytes, report: Report) -> UUID:
    identifier = new_id()
    digest = sha256(data).hexdigest()
    await files.add_upload(book, identifier, name[:200], kind, digest, report.stored(), ctx.actor)
    return identifier


async def _statement(book: Book, statement: Statement, report: Report) -> None:
    for problem in statement.problems:
        report.note("problem", statement.id, detail=problem)
    booked = statement.booked
    ours = await debits.by_end_to_end(book, [one.end_to_end_id for one in booked])
    back = [one for one in booked if _comes_back(one)]
    for entry in back:
        debit = ours.get(entry.end_to_end_id.upper())
        if debit is None:
            report.note("return_unknown", entry.end_to_end_id or entry.mandate_id, _amount(entry.amount), _words(entry))
        else:
            ours[debit.end_to_end] = await _give_back(book, debit, entry.return_reason.partition(",")[0], report)
    for entry in booked:
        if _comes_back(entry):
            continue
        debit = ours.get(entry.end_to_end_id.upper())
        if debit is not None and entry.credit:
            if debit.amount != entry.amount:
                report.note("amount_differs", debit.end_to_end, _amount(entry.amount), _amount(debit.amount))
            else:
                ours[debit.end_to_end] = await _settle(book, debit, entry.booked_on or book.today, report)
        elif _is_sum(entry):
            for changed in await _batch(book, entry, report):
                ours[changed.end_to_end] = changed
        else:
            report.others += 1


def _comes_back(entry: Entry) -> bool:
    """Money that leaves and names why, or one of our collections; other payments out are none of our business."""
    return not entry.credit and bool(entry.return_reason or entry.end_to_end_id.upper().startswith("AP"))


def _is_sum(entry: Entry) -> bool:
    """Money in that says nothing of single collections, but that it is for direct debits, or for which batch."""
    marked = any(mark in entry.transaction_code for mark in _COLLECTED)
    return entry.credit and not entry.end_to_end_id and bool(entry.payment_id or entry.message_id or marked)


async def _batch(book: Book, entry: Entry, report: Report) -> Sequence[Debit]:
    """One sum for a whole batch or file: settles what is still open in it, if the sum says exactly that."""
    inside: list[Debit] = []
    if entry.payment_id:
        inside = await debits.of_block(book, entry.payment_id)
    if not inside and entry.message_id and (file := await files.by_message(book, entry.message_id)) is not None:
        inside = await debits.of_file(book, file.id, lock=True)
    if not inside:
        report.note("batch_unknown", entry.payment_id or entry.message_id, _amount(entry.amount), _words(entry))
        return ()
    # one that waits had been taken back: if the bank books its batch, it was sent after all
    still = [one for one in inside if one.state in ("queued", "exported", "settled")]
    if entry.amount not in (_sum(inside), _sum(still)):
        report.note("batch_differs", entry.payment_id or entry.message_id, _amount(entry.amount), _amount(_sum(still)))
        return ()
    return [await _settle(book, one, entry.booked_on or book.today, report) for one in still]


async def _reports(book: Book, lines: Sequence[StatusLine], report: Report) -> None:
    ours = await debits.by_end_to_end(book, [one.end_to_end_id for one in lines])
    for line in lines:
        if line.level == "transaction":
            debit = ours.get(line.end_to_end_id.upper())
            if not line.rejected:
                report.others += 1
            elif debit is None:
                report.note("return_unknown", line.end_to_end_id or line.mandate_id, detail=line.reason)
            else:
                ours[debit.end_to_end] = await _give_back(book, debit, line.reason.partition(",")[0], report)
        elif line.rejected:
            # nobody was debited; whether it is mended and sent again is a person's decision
            whole = "file_rejected" if line.level == "file" else "batch_rejected"
            report.note(whole, line.payment_id or line.message_id, detail=" ".join((line.reason, line.said)).strip())


async def _settle(book: Book, debit: Debit, on: date, report: Report) -> Debit:
    after = machine.settled(debit, on, book.now)
    if after == debit:
        report.known += 1
        if debit.state in ("queued", "cancelled", "open", "expired"):
            report.note("settled_unsent", debit.end_to_end, _amount(debit.amount), debit.state)
        elif debit.state == "settled" and debit.settled_on != on:
            report.note("settled_again", debit.end_to_end, _amount(debit.amount), str(on))
        return debit
    await debits.change(book, after)
    report.settled += 1
    return after


async def _give_back(book: Book, debit: Debit, code: str, report: Report) -> Debit:
    after = machine.given_back(debit, code or "MS03", book.now)
    if after == debit:
        report.known += 1
        return debit
    await debits.change(book, after)
    if after.state == "returned":
        report.returned += 1
    else:
        report.rejected += 1
    if after.code in CLOSING and after.mandate_id is not None:
        mandate = await mandates.by_id(book, after.mandate_id)
        if await mandates.close(book, mandate, "revoked", after.code, "bank"):
            await debits.cancel_of_mandate(book, mandate.id, "mandate_revoked")
    return after


async def settle_file(ctx: Context, identifier: UUID) -> int:
    """Staff say that the bank has booked the file: what has not come back and is due settles. Returns how many.

    Raises NotFound, Conflict (``sepa_undone``, ``sepa_early``: nothing in it is due yet).
    """
    report = Report()
    async with open_book(ctx) as book:
        file = await files.get(book, identifier, lock=True)
        if file.state != "exported":
            raise Conflict("this file was never sent", code="sepa_undone")
        waiting = [one for one in await debits.of_file(book, identifier, lock=True) if one.state == "exported"]
        ripe = [one for one in waiting if one.collect_on is not None and one.collect_on <= book.today]
        if waiting and not ripe:
            raise Conflict("nothing in it is due yet", code="sepa_early")
        for one in ripe:
            await _settle(book, one, book.today, report)
    await tell_quietly(ctx)
    return report.settled


def _sum(inside: Iterable[Debit]) -> Money:
    return Money(sum(one.amount.units for one in inside), "EUR")


def _amount(amount: Money) -> str:
    return f"{amount.decimal:.2f} {amount.currency}"


def _words(entry: Entry) -> str:
    return " ".join(part for part in (str(entry.booked_on or ""), entry.return_reason, entry.remittance) if part)
