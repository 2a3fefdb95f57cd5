"""Writing pain.008.001.08. ``sepaxml`` makes the XML; what it does not look at is checked before (``lines``) and after
(``inspect``), because it takes wrong check digits and cuts what is too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sepaxml import SepaDD
from sepaxml.validation import ValidationError

from askpro.errors import InvalidInput
from askpro_sepa.words import (
    IDENTIFIER,
    MANDATE,
    NAME,
    TEXT,
    creditor_id_ok,
    is_plain,
    read_bic,
    read_iban,
)

__all__ = ("SCHEMA", "SEQUENCES", "Creditor", "Line", "faults_of_creditor", "faults_of_line", "write")

SCHEMA = "pain.008.001.08"
SEQUENCES = ("RCUR", "OOFF")
"""RCUR for the first collection too; banks refuse or ignore FRST since 2016, and FNAL gains nothing (D11)."""
_LARGEST = 99_999_999_999  # cents


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, in plain letters."""

    name: str
    identifier: str
    iban: str
    bic: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Line:
    """One collection as the file will have it."""

    end_to_end: str
    cents: int
    mandate: str
    signed_on: date
    name: str
    iban: str
    bic: str
    text: str
    collect_on: date
    sequence: str


def faults_of_creditor(creditor: Creditor) -> list[str]:
    """Why no file can be written for it: words of ours, each once."""
    faults = []
    if not creditor_id_ok(creditor.identifier):
        faults.append("creditor_id")
    if not creditor.name.strip() or not is_plain(creditor.name) or len(creditor.name) > NAME:
        faults.append("creditor_name")
    if creditor.scheme not in ("CORE", "B2B"):
        faults.append("scheme")
    return faults + _account(creditor.iban, creditor.bic, "creditor_")


def faults_of_line(line: Line) -> list[str]:
    """Why this collection cannot stand in a file."""
    faults = _account(line.iban, line.bic)
    if not MANDATE.fullmatch(line.mandate):
        faults.append("mandate_id")
    if line.signed_on > line.collect_on:
        faults.append("mandate_date")
    if not IDENTIFIER.fullmatch(line.end_to_end):
        faults.append("end_to_end")
    if not line.name.strip() or not is_plain(line.name) or len(line.name) > NAME:
        faults.append("name")
    if not line.text.strip() or not is_plain(line.text) or len(line.text) > TEXT:
        faults.append("text")
    if not 1 <= line.cents <= _LARGEST:
        faults.append("amount")
    if line.sequence not in SEQUENCES:
        faults.append("sequence")
    return faults


def _account(iban: str, bic: str, whose: str = "") -> list[str]:
    faults = []
    for name, value, read in ((f"{whose}iban", iban, read_iban), (f"{whose}bic", bic, read_bic)):
        try:
            good = read(value) == value
        except InvalidInput:
            good = False
        if not good:
            faults.append(name)
    return faults


class _File(SepaDD):  # type: ignore[misc]  # it ships no types
    """With our own numbers and clock instead of drawn ones."""

    def __init__(self, config: dict[str, object], message_id: str, at: datetime) -> None:
        self._ours, self._at = message_id, at
        super().__init__(config, schema=SCHEMA, clean=False)

    def _create_header(self) -> None:
        self.msg_id = self._ours
        super()._create_header()
        for element in self._xml.iter("CreDtTm"):
            element.text = self._at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        for number, element in enumerate(self._xml.iter("PmtInfId"), 1):
            element.text = f"{self._ours}-{number}"


def write(creditor: Creditor, lines: Sequence[Line], message_id: str, at: datetime) -> bytes:
    """The file: a batch for each day and sequence type. Takes about a third of a second for a thousand lines.

    Raises InvalidInput: a fault of the above, a number that stands there twice, or XML that breaks the official schema.
    """
    faults = faults_of_creditor(creditor) + [fault for line in lines for fault in faults_of_line(line)]
    if not lines or faults or not IDENTIFIER.fullmatch(message_id) or len(message_id) > 30:
        raise InvalidInput(", ".join(dict.fromkeys(faults)) or "nothing to write", code="sepa_faults")
    if len({line.end_to_end for line in lines}) < len(lines):
        raise InvalidInput("a collection stands there twice", code="sepa_twice")
    config = {
        "name": creditor.name, "IBAN": creditor.iban, "batch": True, "creditor_id": creditor.identifier,
        "currency": "EUR", "instrument": creditor.scheme, **({"BIC": creditor.bic} if creditor.bic else {}),
    }  # fmt: skip
    file = _File(config, message_id, at)
    for line in sorted(lines, key=lambda one: (one.collect_on, one.sequence, one.end_to_end)):
        file.add_payment(
            {
                "name": line.name, "IBAN": line.iban, "amount": line.cents, "type": line.sequence,
                "collection_date": line.collect_on, "mandate_id": line.mandate, "mandate_date": line.signed_on,
                "description": line.text, "endtoend_id": line.end_to_end,
                **({"BIC": line.bic} if line.bic else {}),
            }
        )  # fmt: skip
    try:
        data: bytes = file.export(validate=True)
    except ValidationError as error:
        raise InvalidInput(f"the file breaks {SCHEMA}.xsd: {error.__cause__}", code="sepa_schema") from error
    return data
