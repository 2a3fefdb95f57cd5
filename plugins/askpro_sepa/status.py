"""Status reports (pain.002): what the bank says of a file before any money has moved."""

from __future__ import annotations

from collections.abc import Sequence

from askpro.sdk import StatusLine
from askpro_sepa import debits, machine
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit
from askpro_sepa.store import Book
from askpro_sepa.verdicts import change, shown

__all__ = ("read_lines",)


async def read_lines(book: Book, lines: Sequence[StatusLine], report: Report) -> None:
    """Reject what the bank refuses to collect, in the file in which it lies now."""
    ours = await debits.by_end_to_end(book, [one.end_to_end_id for one in lines])
    changed: dict[str, Debit] = {}
    for line in lines:
        if line.level != "transaction":
            if line.rejected:
                # nobody was debited; whether it is mended and sent again is a person's decision
                whole = "file_rejected" if line.level == "file" else "batch_rejected"
                report.note(whole, line.payment_id or line.message_id, detail=_words(line))
            continue
        number = line.end_to_end_id.upper()
        debit = changed.get(number) or ours.get(number)
        if not line.rejected:
            report.others += 1
        elif debit is None:
            report.note("return_unknown", line.end_to_end_id or line.mandate_id, detail=line.reason)
        elif not _of_its_file(line, debit):
            report.note("other_file", number, detail=" ".join((line.payment_id or line.message_id, _words(line))))
        elif line.amount is not None and line.amount != debit.amount:
            report.note("return_differs", number, shown(line.amount), f"{shown(debit.amount)} {_words(line)}")
        else:
            after = machine.given_back(debit, line.reason.partition(",")[0] or "MS03", book.now)
            if after == debit:
                report.known += 1
            else:
                changed[number] = after
    await change(book, list(changed.values()), report)


def _of_its_file(line: StatusLine, debit: Debit) -> bool:
    """Whether the line is about the file in which the collection lies; one that was taken back is none.

    Banks repeat the number of the batch, or at least that of the file, with which the batch's begins.
    """
    if debit.state == "queued" or not debit.block:
        return False
    if line.payment_id:
        return line.payment_id == debit.block
    return bool(line.message_id) and debit.block.rpartition("-")[0] == line.message_id


def _words(line: StatusLine) -> str:
    return " ".join((line.reason, line.said)).strip()
