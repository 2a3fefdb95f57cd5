"""Giving a mandate and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from askpro.errors import Conflict
from askpro.ids import new_id
from askpro_sepa import debits, machine, mandates
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.settings import SepaSettings
from askpro_sepa.store import Book
from askpro_sepa.target import collection_day
from askpro_sepa.wording import Wording
from askpro_sepa.words import plain_name, read_bic, read_iban

__all__ = ("Account", "agree", "cancel", "give", "read_account", "revoke")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account, as it was typed and found good."""

    name: str
    iban: str
    bic: str = ""


def read_account(name: str, iban: str, bic: str = "") -> Account:
    """Raises InvalidInput with the field that is wrong."""
    tidy = " ".join(name.split())
    plain_name(tidy)
    return Account(tidy, read_iban(iban), read_bic(bic))


async def give(
    book: Book,
    settings: SepaSettings,
    account: Account,
    wording: Wording,
    *,
    ref: str,
    customer: str,
    locale: str,
    address: str,
    single: bool,
) -> Mandate:
    """Enter a mandate that was just agreed to."""
    return await mandates.add(
        book,
        Mandate(
            id=new_id(), ref=ref, customer=customer, name=account.name, iban=account.iban, bic=account.bic,
            scheme=settings.scheme, single=single, text=wording.text, text_version=wording.version, locale=locale,
            address=address, signed_at=book.now, signed_on=book.today, state="active",
            fingerprint=mandates.fingerprint(book.tenant, account.iban), notice_days=settings.notice_days,
        ),
    )  # fmt: skip


async def agree(book: Book, settings: SepaSettings, debit: Debit, mandate: Mandate) -> Debit:
    """The customer has agreed to this amount on the day the page showed. Raises Conflict."""
    day = collection_day(book.today, settings.notice_days, settings.lead_days)
    if mandate.customer != debit.customer or mandate.state_on(day) != "active":
        raise Conflict("this mandate cannot be used", code="sepa_mandate_gone")
    sequence = "OOFF" if mandate.single else "RCUR"
    after = machine.queued(debit, mandate, sequence, day, book.now, "page")
    await debits.change(book, after)
    return after


async def cancel(book: Book, identifier: UUID, code: str) -> Debit | None:
    """Not to be collected after all, if it is not too late; None when there is no such collection."""
    debit = await debits.by_id(book, identifier)
    if debit is None:
        return None
    after = machine.cancelled(debit, code, book.now)
    if after != debit:
        await debits.change(book, after)
    return after


async def revoke(book: Book, mandate: Mandate, reason: str, by: str) -> int:
    """End a mandate; what waits for it is not collected any more. Returns how many collections that stops."""
    if not await mandates.close(book, mandate, "revoked", reason, by):
        return 0
    return await debits.cancel_of_mandate(book, mandate.id, "mandate_revoked")
