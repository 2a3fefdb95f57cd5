"""What the bank says decides: settled, rejected, given back. From camt.053 and pain.002, or from a person's word.

Reading the same file again changes nothing. In one file everything is counted before anything is decided: a collection
that was booked and returned within it is never credited at all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.sdk import Context, Statement, StatusLine, read_camt053, read_pain002
from askpro_sepa import debits, files, machine
from askpro_sepa.accounts import read_statements
from askpro_sepa.findings import Report
from askpro_sepa.settings import settings_of
from askpro_sepa.status import read_lines
from askpro_sepa.store import open_book
from askpro_sepa.telling import tell_quietly
from askpro_sepa.verdicts import change

__all__ = ("enter_return", "read_file", "settle_file")


@dataclass(frozen=True, slots=True)
class _File:
    """What stands in it: one of the two."""

    kind: str
    digest: str
    lines: list[StatusLine]
    statements: list[Statement]


async def read_file(ctx: Context, name: str, data: bytes) -> UUID:
    """Read an uploaded camt.053 or pain.002 and act on it; the number of its report.

    Raises InvalidInput: neither of the two, unreadable, or a statement of an account for which no file ever collected.
    """
    settings, report, identifier = settings_of(ctx), Report(), new_id()
    file = await asyncio.to_thread(_parsed, data)  # some seconds of CPU for a large one
    async with open_book(ctx) as book:
        if file.kind == "camt.053":
            accounts = {settings.iban, *await files.accounts(book)}
            ours = [one for one in file.statements if one.account_iban in accounts]
            if not ours:
                raise InvalidInput("this is a statement of another account", code="sepa_other_account")
            await read_statements(book, ours, report)
        else:
            await read_lines(book, file.lines, report)
        await files.add_upload(book, identifier, name[:200], file.kind, file.digest, report.stored(), ctx.actor)
    await tell_quietly(ctx)
    return identifier


def _parsed(data: bytes) -> _File:
    digest = sha256(data).hexdigest()
    if b"pain.002" in data[:2000]:
        return _File("pain.002", digest, read_pain002(data), [])
    return _File("camt.053", digest, [], read_camt053(data))


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
        await change(book, [machine.settled(one, book.today, book.now) for one in ripe], report)
    await tell_quietly(ctx)
    return report.settled


async def enter_return(ctx: Context, identifier: UUID) -> None:
    """Staff say that it came back, where no file of the bank says so in words that can be believed unseen.

    Raises NotFound, Conflict ``sepa_not_sent``: it stands in no file, or came back before.
    """
    async with open_book(ctx) as book:
        debit = await debits.by_id(book, identifier)
        if debit is None:
            raise NotFound("there is no such collection")
        after = machine.given_back(debit, "returned_by_staff", book.now)
        if after == debit or debit.state == "queued":
            raise Conflict(f"it is {debit.state}", code="sepa_not_sent")
        await change(book, [after], Report())
    await tell_quietly(ctx)
