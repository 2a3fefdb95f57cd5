"""Mandates, collections and files as rows of our tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from askpro.money import Money
from askpro.sdk import SavedMethod
from askpro_sepa.words import masked

__all__ = ("CENT", "LIFE", "BankFile", "Debit", "Mandate", "MandateState", "State", "debit_of", "file_of", "mandate_of")

CENT = 10_000
"""Units of a cent."""
LIFE = 36
"""Months without use after which a mandate is worth nothing."""

State = Literal["open", "queued", "exported", "settled", "returned", "rejected", "cancelled", "expired"]
MandateState = Literal["active", "revoked", "used", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A row of ``plug_sepa.mandate``. ``text`` is what was agreed to, word for word."""

    id: UUID
    ref: str
    customer: str
    name: str
    iban: str
    bic: str
    scheme: str
    single: bool
    text: str
    text_version: str
    locale: str
    address: str
    signed_at: datetime
    signed_on: date
    state: MandateState
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    first_used_on: date | None = None
    last_used_on: date | None = None
    is_default: bool = False
    fingerprint: str = ""
    notice_days: int = 0
    """Calendar days before each collection by which the creditor has promised to announce it; 0: not on record."""

    @property
    def label(self) -> str:
        """As people know it: ``DE•• •••• 1234``."""
        return masked(self.iban)

    @property
    def ends_on(self) -> date:
        """The last day of its life unless it is used again."""
        last = self.last_used_on or self.signed_on
        month = last.year * 12 + last.month - 1 + LIFE
        return date(month // 12, month % 12 + 1, min(last.day, 28))

    def state_on(self, day: date) -> MandateState:
        """Its state on a day: time alone makes it expire."""
        return "expired" if self.state == "active" and day > self.ends_on else self.state

    def method(self) -> SavedMethod:
        """As a way to pay. One that was given for one payment has no number: it cannot be charged again."""
        return SavedMethod(
            ref="" if self.single else self.ref,
            kind="sepa_debit",
            label=self.label,
            expires=(self.ends_on.year, self.ends_on.month),
            fingerprint=self.fingerprint,
            mandate=self.ref,
            default=self.is_default,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """A row of ``plug_sepa.debit``: one amount, once."""

    id: UUID
    key: str
    kind: Literal["checkout", "charge"]
    amount: Money
    description: str
    reference: str
    customer: str
    locale: str
    state: State
    created_at: datetime
    saves: bool = False
    consent: str = ""
    mandate_ref: str = ""
    """The number a new mandate on its page will get."""
    return_url: str = ""
    cancel_url: str = ""
    expires_at: datetime | None = None
    mandate_id: UUID | None = None
    sequence: str = ""
    collect_on: date | None = None
    announced_on: date | None = None
    """The day of which the customer was told."""
    announced_at: datetime | None = None
    announced_how: str = ""
    """``page`` or ``mail``."""
    file_id: UUID | None = None
    block: str = ""
    """The batch in the file (PmtInfId)."""
    fault: str = ""
    """Why it could not be written into the last file."""
    code: str = ""
    credited_at: datetime | None = None
    settled_on: date | None = None
    returned_at: datetime | None = None
    news: str = ""
    """What the core has to hear of it …"""
    told: str = ""
    """… and what it has heard."""

    @property
    def end_to_end(self) -> str:
        """The number under which the bank knows it, and the core the payment."""
        return f"AP{self.id.hex.upper()}"

    @property
    def cents(self) -> int:
        return self.amount.units // CENT

    @property
    def day(self) -> date:
        """When it is collected; the database sees to it that what waits has one."""
        if self.collect_on is None:
            raise RuntimeError(f"collection {self.end_to_end} has no day")
        return self.collect_on


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A row of ``plug_sepa.file``, without its bytes."""

    id: UUID
    message_id: str
    scheme: str
    state: Literal["exported", "undone"]
    transactions: int
    amount: Money
    sha256: str
    iban: str
    """Of the account for which it collects."""
    first_on: date
    last_on: date
    created_at: datetime
    created_by: str
    downloads: int
    downloaded_at: datetime | None
    undone_at: datetime | None
    undone_by: str


def mandate_of(row: Any) -> Mandate:
    """From a row with all columns."""
    return Mandate(**{name: row[name] for name in Mandate.__dataclass_fields__})


def debit_of(row: Any) -> Debit:
    """From a row with all columns."""
    fields = {name: row[name] for name in Debit.__dataclass_fields__ if name != "amount"}
    return Debit(amount=Money(row["units"], "EUR"), **fields)


def file_of(row: Any) -> BankFile:
    """From a row with all columns but the body."""
    fields = {name: row[name] for name in BankFile.__dataclass_fields__ if name != "amount"}
    return BankFile(amount=Money(row["units"], "EUR"), **fields)
