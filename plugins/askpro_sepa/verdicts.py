"""What a bank's word changes in the books: paid, given back, and the end of a mandate that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from askpro.money import Money
from askpro_sepa import debits, machine, mandates, seen
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit
from askpro_sepa.reasons import CLOSING
from askpro_sepa.seen import Seen
from askpro_sepa.store import Book

__all__ = ("apply", "change", "shown")


async def apply(book: Book, found: Mapping[UUID, Debit], movements: Sequence[Seen], report: Report) -> None:
    """Bring locked collections to where the account says they are.

    All movements of a file are counted before any of them acts, and those of earlier files with them: it makes no
    difference in which order they are told, nor how often.
    """
    fresh = await seen.add(book, movements)
    report.known += len(movements) - len(fresh)
    tally = await seen.tallies(book, [one.debit for one in movements])
    news = {identifier for _, identifier in fresh}
    came = {one.debit: one.on or book.today for one in movements if one.credit}
    why = {one.debit: one.code for one in movements if not one.credit}
    changed: list[Debit] = []
    for identifier in sorted(tally):
        debit, (ins, outs) = found[identifier], tally[identifier]
        code = why.get(identifier) or "MS03"
        after = machine.booked(debit, ins, outs, came.get(identifier, book.today), code, book.now)
        if after != debit:
            changed.append(after)
        if identifier in news and (word := machine.odd(after, ins, outs)):
            report.note(word, debit.end_to_end, shown(debit.amount), f"+{ins} \N{MINUS SIGN}{outs}")
    await change(book, changed, report)


async def change(book: Book, changed: Sequence[Debit], report: Report) -> None:
    """Write what was decided, and count it. Some reasons end the mandate, and with it what waits for it."""
    await debits.change_all(book, changed)
    for after in changed:
        if after.state == "settled":
            report.settled += 1
        elif after.state == "returned":
            report.returned += 1
        else:
            report.rejected += 1
    ended = {after.mandate_id: after.code for after in changed if after.mandate_id and after.code in CLOSING}
    for identifier, code in sorted(ended.items()):
        mandate = await mandates.by_id(book, identifier)
        if await mandates.close(book, mandate, "revoked", code, "bank"):
            await debits.cancel_of_mandate(book, identifier, "mandate_revoked")


def shown(amount: Money) -> str:
    """``50.00 EUR``, for a report."""
    return f"{amount.decimal:.2f} {amount.currency}"
