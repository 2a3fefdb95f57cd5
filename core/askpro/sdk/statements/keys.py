"""Keys by which a movement is known again, whichever statement tells of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from askpro.sdk.statements.model import Entry, Statement

__all__ = ("keyed",)


def keyed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements of one file with a key at each entry, and a number of ours where the bank gives none.

    Two bookings alike in everything are two: on one page, on two pages, or in two statements of the file. They are
    counted, and the count is part of their keys. Pages also come as files of their own; so where the bank numbers
    nothing, the number of the page tells its bookings from their likes on the page before. A statement that stands in
    the file a second time, word for word, tells of nothing new.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    copies: dict[tuple[object, ...], tuple[Entry, ...]] = {}
    found = []
    for one in statements:
        same = (one.account, one.id, one.number, one.page, one.entries)
        if same not in copies:
            copies[same] = tuple(_keyed(one, entry, seen) for entry in one.entries)
        found.append(replace(one, entries=copies[same]))
    return found


def _keyed(statement: Statement, one: Entry, seen: Counter[tuple[str, ...]]) -> Entry:
    facts = [statement.account, str(one.amount.units), one.amount.currency, "C" if one.credit else "D",
             one.status, str(one.booked_on), one.end_to_end_id, one.bank_ref]  # fmt: skip
    if not one.bank_ref:  # then the words have to do, without the spaces that a bank puts in at will
        facts += ["".join(text.split()).upper() for text in (
            one.remittance, one.creditor_reference, one.counterparty_name, one.counterparty_iban, one.mandate_id,
        )]  # fmt: skip
        if statement.page > 1:
            facts.append(f"page {statement.page}")
    alike = tuple(facts)
    seen[alike] += 1
    digest = sha256("\x1f".join((*alike, str(seen[alike]))).encode()).hexdigest()[:32]
    return replace(one, key=digest, bank_ref=one.bank_ref or f"digest-{digest}")
