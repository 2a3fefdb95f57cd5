"""Collections, mandates and files as a page shows them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from askpro.errors import N_
from askpro_sepa import speech
from askpro_sepa.model import BankFile, Debit, Mandate
from askpro_sepa.reasons import REASONS, said

__all__ = ("STATES", "DebitRow", "FileRow", "MandateRow", "debit_row", "file_row", "mandate_row")

STATES: Mapping[str, tuple[str, str]] = {
    "open": ("neutral", N_("not agreed yet")),
    "queued": ("info", N_("announced")),
    "exported": ("info", N_("handed to the bank")),
    "settled": ("ok", N_("collected")),
    "returned": ("bad", N_("returned")),
    "rejected": ("bad", N_("not paid")),
    "cancelled": ("neutral", N_("cancelled")),
    "expired": ("neutral", N_("expired")),
    "active": ("ok", N_("active")),
    "revoked": ("bad", N_("revoked")),
    "used": ("neutral", N_("used once")),
}
"""State → (look of the badge, msgid)."""

_FAULTS = {
    "iban": N_("IBAN"),
    "bic": N_("BIC"),
    "name": N_("name of the account holder"),
    "text": N_("purpose"),
    "amount": N_("amount"),
    "mandate_id": N_("mandate reference"),
    "mandate_date": N_("day of the mandate"),
    "scheme": N_("the mandate is of the other scheme"),
    "notice": N_("the customer has to be told of the day first"),
}


@dataclass(frozen=True, slots=True)
class DebitRow:
    id: UUID
    number: str
    amount: str
    reference: str
    customer: str
    name: str
    account: str
    mandate: str
    state: str
    look: str
    label: str
    day: str
    announced: bool
    code: str
    why: str
    fault: str


@dataclass(frozen=True, slots=True)
class MandateRow:
    id: UUID
    ref: str
    customer: str
    name: str
    account: str
    scheme: str
    single: bool
    state: str
    look: str
    label: str
    signed: str
    used: str
    ends: str
    reason: str
    address: str
    version: str
    default: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    id: UUID
    message_id: str
    count: int
    amount: str
    days: str
    made: str
    by: str
    sha256: str
    state: str
    open: int
    downloads: int
    downloaded: str


def debit_row(debit: Debit, locale: str, say: Callable[[str], str], known: Mapping[UUID, Mandate]) -> DebitRow:
    """``known``: mandates by id; one that is not among them is left out."""
    mandate = known.get(debit.mandate_id) if debit.mandate_id is not None else None
    look, label = STATES[debit.state]
    faults = [say(_FAULTS.get(one, one)) for one in debit.fault.split(", ") if one]
    return DebitRow(
        id=debit.id, number=debit.end_to_end, amount=speech.money(debit.amount, locale), reference=debit.reference,
        customer=debit.customer, name=mandate.name if mandate else "", account=mandate.label if mandate else "",
        mandate=mandate.ref if mandate else "",
        state=debit.state, look=look, label=label,
        day=speech.day(debit.collect_on, locale) if debit.collect_on else "",
        announced=debit.announced_on is not None and debit.announced_on == debit.collect_on, code=debit.code,
        why=say(said(debit.code)) if debit.code else "", fault=", ".join(faults),
    )  # fmt: skip


def mandate_row(mandate: Mandate, locale: str, day: date) -> MandateRow:
    """As it stands on that day."""
    state = mandate.state_on(day)
    look, label = STATES[state]
    reason = mandate.reason if mandate.reason in REASONS else ""
    return MandateRow(
        id=mandate.id, ref=mandate.ref, customer=mandate.customer, name=mandate.name, account=mandate.label,
        scheme=mandate.scheme, single=mandate.single, state=state, look=look, label=label,
        signed=speech.day(mandate.signed_on, locale),
        used=speech.day(mandate.last_used_on, locale) if mandate.last_used_on else "",
        ends=speech.day(mandate.ends_on, locale), reason=reason or mandate.reason, address=mandate.address,
        version=mandate.text_version, default=mandate.is_default,
    )  # fmt: skip


def file_row(file: BankFile, locale: str, waiting: int) -> FileRow:
    """``waiting``: collections in it that the bank has not decided."""
    first, last = speech.day(file.first_on, locale), speech.day(file.last_on, locale)
    return FileRow(
        id=file.id, message_id=file.message_id, count=file.transactions, amount=speech.money(file.amount, locale),
        days=first if first == last else f"{first} – {last}", made=speech.moment(file.created_at, locale),
        by=file.created_by, sha256=file.sha256, state=file.state, open=waiting, downloads=file.downloads,
        downloaded=speech.moment(file.downloaded_at, locale) if file.downloaded_at else "",
    )  # fmt: skip
