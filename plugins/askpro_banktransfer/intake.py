"""A statement that staff upload: every line once, what is clear is settled, what is not waits for a person.

Reading a large file and looking for references in it takes seconds of CPU: that happens in threads.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256

from askpro.errors import InvalidInput
from askpro.ids import new_id
from askpro.sdk import Context, Entry, Statement, read_camt053
from askpro_banktransfer.matching import decide, texts
from askpro_banktransfer.model import Movement, Transfer
from askpro_banktransfer.movements import Movements, Upload, open_books
from askpro_banktransfer.references import canonical, mentioned
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.transfers import Transfers

__all__ = ("take_in",)

_AT_ONCE = 100
"""Entries that are decided before anybody else has a turn; some milliseconds."""


async def take_in(ctx: Context, name: str, data: bytes) -> tuple[Upload, bool]:
    """Read and book a camt.053 file; (what became of it, whether it is new). The same file again changes nothing.

    Raises InvalidInput: whatever ``read_camt053`` says, ``statement_other_account``, ``statement_other_currency``.
    """
    digest, statements = await asyncio.to_thread(_parsed, data)
    async with open_books(ctx) as (transfers, movements):
        if (earlier := await movements.upload(digest=digest)) is not None:
            return earlier, False
        _check(ctx, statements, await transfers.accounts())
        days = [one.booked_on for statement in statements for one in statement.entries if one.booked_on is not None]
        upload = Upload(
            id=new_id(),
            digest=digest,
            name=name[:200],
            account=statements[0].account_iban,
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            matched=0,
            queued=0,
            known=0,
            ignored=0,
            problems=tuple(one for statement in statements for one in statement.problems),
            uploaded_by=ctx.actor,
            created_at=ctx.now(),
        )
        await movements.add_upload(upload)
        for statement in statements:
            upload = await _book(transfers, movements, upload, statement)
        await movements.count_upload(upload)
    return upload, True


def _parsed(data: bytes) -> tuple[str, list[Statement]]:
    return sha256(data).hexdigest(), read_camt053(data)


def _check(ctx: Context, statements: list[Statement], accounts: frozenset[str]) -> None:
    """Only statements of an account to which customers were told to transfer."""
    settings = ctx.settings
    if isinstance(settings, BankTransferSettings):
        accounts |= {settings.iban}
    for one in statements:
        if one.account_iban not in accounts:
            detail = f"the file is about {one.account}"
            raise InvalidInput(detail, code="statement_other_account", account=one.account)
        if isinstance(settings, BankTransferSettings) and one.currency not in ("", settings.currency):
            raise InvalidInput(f"the file is in {one.currency}", code="statement_other_currency")


async def _book(transfers: Transfers, movements: Movements, upload: Upload, statement: Statement) -> Upload:
    known = await movements.known(statement.account_iban, [one.key for one in statement.booked])
    fresh = [one for one in statement.booked if one.key not in known]
    words, references = await asyncio.to_thread(_references, fresh)
    named = await transfers.named(sorted({ref for refs in references for ref in refs}), words)
    fitting = await transfers.fitting(sorted({one.amount for one in fresh}))
    paid: dict[str, Transfer] = {}
    """By id, as they stand after the lines before this one."""
    found: list[Movement] = []
    for position, entry in enumerate(fresh):
        if position % _AT_ONCE == 0:
            await asyncio.sleep(0)  # others have their turn
        candidates = {one.id: one for ref in references[position] for one in named.get(ref, ())}
        candidates |= {one.id: one for one in named.get(position, ())}
        present = [paid.get(str(one.id), one) for one in candidates.values()]
        fits = [one for one in fitting.get(entry.amount, ()) if str(one.id) not in paid]
        verdict = decide(entry, present, fits)
        if verdict is None:
            continue
        movement = _movement(upload, entry)
        target = verdict.transfer
        if verdict.reason == "" and target is not None:
            movement = replace(movement, state="used", named=target.id, transfer=target.id)
            await movements.use(target.id)
            await transfers.settle(target.id, movement.payment)
            paid[str(target.id)] = replace(target, state="settled")
        else:
            movement = replace(movement, reason=verdict.reason, named=target.id if target is not None else None)
        found.append(movement)
    await movements.add(upload.id, statement.account_iban, found)
    matched = sum(one.state == "used" for one in found)
    return replace(
        upload,
        matched=upload.matched + matched,
        queued=upload.queued + len(found) - matched,
        known=upload.known + len(known),
        ignored=upload.ignored + len(statement.entries) - len(statement.booked) + len(fresh) - len(found),
    )


def _references(entries: list[Entry]) -> tuple[list[str], list[frozenset[str]]]:
    """Each entry's words as order numbers are looked for in them, and the references that stand in it."""
    return [" ".join(map(canonical, texts(one))) for one in entries], [mentioned(*texts(one)) for one in entries]


def _movement(upload: Upload, entry: Entry) -> Movement:
    return Movement(
        id=new_id(),
        key=entry.key,
        bank_ref=entry.bank_ref,
        amount=entry.amount,
        credit=entry.credit,
        booked_on=entry.booked_on,
        text=" ".join(dict.fromkeys((entry.remittance, entry.creditor_reference))).strip() or entry.end_to_end_id,
        name=entry.counterparty_name,
        iban=entry.counterparty_iban,
        return_reason=entry.return_reason,
        state="review",
        reason="",
        named=None,
        transfer=None,
        created_at=upload.created_at,
    )
