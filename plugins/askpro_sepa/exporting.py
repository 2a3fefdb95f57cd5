"""From the queue into a file for the bank: each collection once, whoever asks how often at the same time.

Claiming, writing and keeping are one transaction. Whoever comes second waits for the first and then finds nothing left.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import Context
from askpro_sepa import debits, files, machine, mandates
from askpro_sepa.announcing import in_time, put_off
from askpro_sepa.inspecting import Written, inspect
from askpro_sepa.model import CENT, BankFile, Debit, Mandate
from askpro_sepa.pain008 import Creditor, Line, faults_of_creditor, faults_of_line, write
from askpro_sepa.reasons import closed_by
from askpro_sepa.settings import SepaSettings, settings_of
from askpro_sepa.store import Book, open_book
from askpro_sepa.target import add_days, first_day
from askpro_sepa.telling import tell_quietly
from askpro_sepa.words import plain

__all__ = ("MOST", "Export", "export", "undo")

MOST = 1000
"""Collections in one file; the rest stays for the next."""


@dataclass(frozen=True, slots=True)
class Export:
    """What came of it. ``file`` None: nothing could be written."""

    file: BankFile | None
    set_aside: int
    """Collections that no file can hold as they are, or not yet; each says why."""
    stopped: int
    """Collections whose mandate has ended: they are over."""
    left: bool
    """There is more for another file."""


async def export(ctx: Context, until: date = date.max) -> Export:
    """Write what is to be collected by ``until``. Raises InvalidInput when the settings allow no file."""
    settings = settings_of(ctx)
    creditor = Creditor(settings.name, settings.identifier, settings.iban, settings.bic, settings.scheme)
    if faults := faults_of_creditor(creditor):
        raise InvalidInput(", ".join(faults), code="sepa_settings")
    async with open_book(ctx) as book:
        found = await debits.queue(book, until, MOST + 1)
        chosen = found[:MOST]
        known = {one.id: one for one in await mandates.by_ids(book, [d.mandate_id for d in chosen if d.mandate_id])}
        good, bad, over = _sorted_out(book, chosen, known, settings)
        await debits.change_all(book, (*bad, *over))
        file = await _written(ctx, book, creditor, good, known, settings) if good else None
    if over or (file is not None and settings.credit_when == "exported"):
        await tell_quietly(ctx)
    return Export(file, len(bad), len(over), len(found) > MOST)


def _sorted_out(
    book: Book, chosen: Sequence[Debit], known: Mapping[UUID, Mandate], settings: SepaSettings
) -> tuple[list[Debit], list[Debit], list[Debit]]:
    """What can be written, what not as it is, and what never will be because its mandate has ended."""
    good: list[Debit] = []
    bad: list[Debit] = []
    over: list[Debit] = []
    earliest = first_day(add_days(book.today, settings.lead_days))
    for debit in chosen:
        mandate = known[debit.mandate_id]  # type: ignore[index]
        timely = debit.day >= earliest and in_time(debit, mandate, settings)
        dated = debit if timely else put_off(debit, mandate, settings, book)
        if (state := mandate.state_on(dated.day)) in ("revoked", "expired"):
            over.append(machine.cancelled(debit, closed_by(state), book.now))
            continue
        faults = faults_of_line(_line(dated, mandate))
        if mandate.scheme != settings.scheme:
            faults.append("scheme")
        if not timely:
            faults.append("notice")
        (bad if faults else good).append(replace(dated, fault=", ".join(faults)))
    return good, bad, over


def _line(debit: Debit, mandate: Mandate) -> Line:
    return Line(
        end_to_end=debit.end_to_end, cents=debit.cents, mandate=mandate.ref, signed_on=mandate.signed_on,
        name=plain(mandate.name), iban=mandate.iban, bic=mandate.bic, text=debit.reference,
        collect_on=debit.day, sequence=debit.sequence,
    )  # fmt: skip


async def _written(
    ctx: Context,
    book: Book,
    creditor: Creditor,
    good: Sequence[Debit],
    known: Mapping[UUID, Mandate],
    settings: SepaSettings,
) -> BankFile:
    lines = [_line(one, known[one.mandate_id]) for one in good]  # type: ignore[index]
    message = f"{settings.message_prefix.rstrip('-')}-{book.today:%y%m%d}-{secrets.token_hex(5).upper()}".lstrip("-")
    data = await asyncio.to_thread(write, creditor, lines, message, book.now)
    seen = await asyncio.to_thread(inspect, data)
    _must_agree(seen, message, lines)
    file = BankFile(
        id=new_id(), message_id=message, scheme=creditor.scheme, state="exported", transactions=seen.count,
        amount=Money(seen.cents * CENT, "EUR"), sha256=sha256(data).hexdigest(),
        iban=creditor.iban, first_on=min(one.collect_on for one in lines), last_on=max(one.collect_on for one in lines),
        created_at=book.now, created_by=ctx.actor, downloads=0, downloaded_at=None, undone_at=None, undone_by="",
    )  # fmt: skip
    await files.add(book, file, data)
    place = {number: batch.id for batch in seen.batches for number in batch.end_to_end}
    at_once = settings.credit_when == "exported"
    await debits.change_all(
        book,
        [
            replace(machine.exported(one, book.now, credit=at_once), file_id=file.id, block=place[one.end_to_end])
            for one in good
        ],
    )
    days: dict[UUID, date] = {}
    for one in good:
        if one.mandate_id is not None and one.collect_on is not None:
            days[one.mandate_id] = max(one.collect_on, days.get(one.mandate_id, one.collect_on))
    await mandates.used(book, days)
    return file


def _must_agree(seen: Written, message: str, lines: Sequence[Line]) -> None:
    """What was written is what was meant. Raises InvalidInput: then nothing is kept."""
    meant = {line.end_to_end: line for line in lines}
    said = [number for batch in seen.batches for number in batch.end_to_end]
    right = (
        seen.message_id == message
        and sorted(said) == sorted(meant)
        and seen.cents == sum(line.cents for line in lines)
        and all(meant[number].collect_on == batch.collect_on for batch in seen.batches for number in batch.end_to_end)
    )
    if seen.faults or not right:
        raise InvalidInput(", ".join(seen.faults[:5]) or "the file says something else", code="sepa_faults")


async def undo(ctx: Context, identifier: UUID) -> int:
    """Staff say that the file never reached the bank: its collections wait again. Returns how many.

    Raises NotFound, Conflict (``sepa_sent`` once the bank has booked or returned one of them, ``sepa_undone``).
    """
    async with open_book(ctx) as book:
        file = await files.get(book, identifier, lock=True)
        if file.state != "exported":
            raise Conflict("this was done before", code="sepa_undone")
        inside = await debits.of_file(book, identifier, lock=True)
        if any(one.state in ("settled", "returned") for one in inside):
            raise Conflict("the bank has this file", code="sepa_sent")
        waiting = [machine.undone(one) for one in inside if one.state == "exported"]
        await debits.change_all(book, waiting)
        await files.undo(book, identifier, ctx.actor)
    return len(waiting)
