"""Statements and their lines, as the house speaks of them. Amounts are exact; dates are the bank's civil days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from askpro.money import Money

__all__ = ("Entry", "Statement", "StatusLine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement on the account: an entry, or one transaction of an entry that stands for several.

    Texts are empty where the bank says nothing; ``NOTPROVIDED`` counts as nothing.
    """

    amount: Money
    """Always positive; ``credit`` says which way."""
    credit: bool
    """True: the account has more than before."""
    status: str
    """``BOOK``, ``PDNG``, ``INFO``, ``FUTR`` or the bank's own word."""
    reversal: bool = False
    """Undoes an earlier entry of the bank; ``credit`` already says which way this one goes."""
    booked_on: date | None = None
    value_on: date | None = None
    end_to_end_id: str = ""
    mandate_id: str = ""
    creditor_reference: str = ""
    """Structured: ISO 11649 (``RF…``) or the payer's country's own."""
    remittance: str = ""
    """Unstructured: the payer's own words, lines joined by a space."""
    counterparty_name: str = ""
    counterparty_iban: str = ""
    bank_ref: str = ""
    """The bank's own number of the movement (AcctSvcrRef); a digest of it where the bank gives none."""
    key: str = ""
    """The same movement has the same key in every statement that tells of it, and no other movement has it.

    Made of what the bank says of the movement; those that are alike in all of that are told apart by their order in the
    file. The one exception: of a bank that numbers nothing, a movement on a later page has another key when the bank
    breaks the same statement into other pages.
    """
    return_reason: str = ""
    """Why an earlier payment came back: ``AC04``, ``MD06`` … Empty: nothing came back."""
    instructed: Money | None = None
    """What was ordered at the start, where that differs: without the charges of a return, in another currency."""
    charges: Money | None = None
    """What the bank took for it, as far as it says so."""
    transaction_code: str = ""
    """``PMNT-RCDT-ESCT``, or the bank's own code."""
    batch: bool = False
    """One of several transactions of one entry, or an entry that could not be taken apart."""
    payment_id: str = ""
    """Of the batch that we handed in (PmtInfId), where this entry is about one."""
    message_id: str = ""

    @property
    def booked(self) -> bool:
        """Only what is booked has happened."""
        return self.status == "BOOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An account's statement, or one page of it."""

    id: str
    account_iban: str
    """Empty where the bank names the account otherwise."""
    account: str
    """The IBAN, or the bank's own account number."""
    currency: str
    number: str = ""
    page: int = 1
    """Banks spread long statements over several pages, in one file or in several."""
    created_at: datetime | None = None
    """As the bank writes it; without a zone where it names none."""
    opening: Money | None = None
    """Negative: the account was overdrawn."""
    closing: Money | None = None
    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    """What does not add up, in English, for the eyes of staff."""

    @property
    def booked(self) -> tuple[Entry, ...]:
        """The entries that have happened."""
        return tuple(one for one in self.entries if one.booked)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """What a bank says of one order, of a batch of them, or of a whole file (pain.002)."""

    level: Literal["file", "batch", "transaction"]
    status: str
    """``ACSC``, ``ACCP``, ``RJCT``, ``PART`` …; empty where it says only a reason."""
    reason: str = ""
    """``AC04``, ``FF01`` …; several are joined by commas."""
    end_to_end_id: str = ""
    message_id: str = ""
    """Of the file that we handed in."""
    payment_id: str = ""
    """Of the batch in it (PmtInfId)."""
    mandate_id: str = ""
    amount: Money | None = None
    said: str = ""
    """The bank's remarks in its own words."""

    @property
    def rejected(self) -> bool:
        """Whether it will not happen."""
        return self.status in ("RJCT", "CANC")
