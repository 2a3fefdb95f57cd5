"""What tests of direct debit do with the bench: charge, write the file, hand in what the bank says."""

from __future__ import annotations

from typing import Any

from sepa_bench import SepaBench

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import ChargeRequest, CustomerRef, Outcome, Waiting
from askpro_sepa import bank, exporting, files
from askpro_sepa.findings import Report
from askpro_sepa.model import BankFile, Debit, Mandate
from askpro_sepa.store import open_book

__all__ = ("ANNA", "charge", "charged", "exported", "read", "words")

ANNA = CustomerRef(id="customer-1", locale="de")


def charge(mandate: Mandate, amount: str = "50", **changes: Any) -> ChargeRequest:
    """A request to charge Anna by it."""
    values = {
        "key": str(new_id()), "amount": Money.of(amount, "EUR"), "description": "Auto top-up T-1", "customer": ANNA,
        "method": mandate.ref, **changes,
    }  # fmt: skip
    return ChargeRequest(**values)


async def charged(sepa: SepaBench, mandate: Mandate, amount: str = "50") -> Debit:
    """A collection that waits for its file."""
    request = charge(mandate, amount)
    result = await sepa.provider.charge(sepa.ctx, request)
    assert (result.outcome, result.waiting) == (Outcome.PENDING, Waiting.PROVIDER)
    return await sepa.debit(request.key)


async def exported(sepa: SepaBench) -> BankFile:
    """The file for all that waits."""
    file = (await exporting.export(sepa.ctx)).file
    assert file is not None
    return file


async def read(sepa: SepaBench, data: bytes) -> Report:
    """What came of a file of the bank."""
    identifier = await bank.read_file(sepa.ctx, "bank.xml", data)
    async with open_book(sepa.ctx) as book:
        return Report.read((await files.upload(book, identifier))[2])


def words(report: Report) -> list[str]:
    """What a person has to look at."""
    return [one.what for one in report.findings]
