"""Statements of the collecting account: what of our collections has come, and what has gone back.

What names a collection is decided first, sums for whole batches after it: what came back is then no part of them any
more. Another amount than was collected decides nothing; a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from askpro.money import Money
from askpro.sdk import Entry, Statement
from askpro_sepa import debits, files, seen
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit
from askpro_sepa.seen import Seen
from askpro_sepa.store import Book
from askpro_sepa.verdicts import apply, shown

__all__ = ("read_statements",)

_COLLECTED = ("IDDT", "+171+", "+192+", "+174+", "+194+")
"""Marks of a direct debit that was paid to us in a transaction code (ISO 20022, German GVC)."""


async def read_statements(book: Book, statements: Sequence[Statement], report: Report) -> None:
    """Act on what is booked in statements of our own accounts."""
    for one in statements:
        for problem in one.problems:
            report.note("problem", one.id, detail=problem)
    booked = [entry for one in statements for entry in one.booked]
    ours = await debits.by_end_to_end(book, [one.end_to_end_id for one in booked])
    movements: list[Seen] = []
    sums: list[Entry] = []
    for entry in booked:
        debit = ours.get(entry.end_to_end_id.upper())
        if _comes_back(entry):
            movements += _back(entry, debit, report)
        elif debit is not None and entry.credit:
            if debit.amount != entry.amount:
                report.note("amount_differs", debit.end_to_end, shown(entry.amount), shown(debit.amount))
            else:
                movements.append(Seen(entry.key, debit.id, True, entry.booked_on))
        elif _is_sum(entry):
            sums.append(entry)
        else:
            report.others += 1
    await apply(book, {one.id: one for one in ours.values()}, movements, report)
    for entry in sums:
        await _batch(book, entry, report)


def _comes_back(entry: Entry) -> bool:
    """Money that leaves and names why, or one of our collections; other payments out are none of our business."""
    return not entry.credit and bool(entry.return_reason or entry.end_to_end_id.upper().startswith("AP"))


def _back(entry: Entry, debit: Debit | None, report: Report) -> list[Seen]:
    if debit is None:
        report.note("return_unknown", entry.end_to_end_id or entry.mandate_id, shown(entry.amount), _words(entry))
        return []
    if not _same_amount(entry, debit.amount):
        words = " ".join((shown(debit.amount), _words(entry)))
        report.note("return_differs", debit.end_to_end, shown(entry.amount), words)
        return []
    return [Seen(entry.key, debit.id, False, entry.booked_on, entry.return_reason.partition(",")[0])]


def _same_amount(entry: Entry, amount: Money) -> bool:
    """Whether just what was collected goes back: alone, or with what the bank takes for it and names apart."""
    if entry.amount.currency != amount.currency or entry.amount.units < amount.units:
        return False
    if entry.amount == amount or entry.instructed == amount:
        return True
    return entry.charges is not None and entry.charges.currency == amount.currency and (
        entry.amount == amount + entry.charges
    )  # fmt: skip


def _is_sum(entry: Entry) -> bool:
    """Money in that says nothing of single collections, but that it is for direct debits, or for which batch."""
    marked = any(mark in entry.transaction_code for mark in _COLLECTED)
    return entry.credit and not entry.end_to_end_id and bool(entry.payment_id or entry.message_id or marked)


async def _batch(book: Book, entry: Entry, report: Report) -> None:
    """One sum for a whole batch or file: settles what is still open in it, if the sum says exactly that."""
    if told := await seen.told_of(book, entry.key):
        report.known += told
        return
    name = entry.payment_id or entry.message_id
    inside: list[Debit] = []
    if entry.payment_id:
        inside = await debits.of_block(book, entry.payment_id)
    if not inside and entry.message_id and (file := await files.by_message(book, entry.message_id)) is not None:
        inside = await debits.of_file(book, file.id, lock=True)
    if not inside:
        report.note("batch_unknown", name, shown(entry.amount), _words(entry))
        return
    # one that waits had been taken back: if the bank books its batch, it was sent after all
    still = [one for one in inside if one.state in ("queued", "exported", "settled")]
    if entry.amount not in (_sum(inside), _sum(still)):
        report.note("batch_differs", name, shown(entry.amount), shown(_sum(still)))
        return
    # in the whole sum there is also what was refused: that goes back one by one
    meant = still if entry.amount == _sum(still) else inside
    movements = [Seen(entry.key, one.id, True, entry.booked_on) for one in meant]
    await apply(book, {one.id: one for one in inside}, movements, report)


def _sum(inside: Iterable[Debit]) -> Money:
    return Money(sum(one.amount.units for one in inside), "EUR")


def _words(entry: Entry) -> str:
    return " ".join(part for part in (str(entry.booked_on or ""), entry.return_reason, entry.remittance) if part)
