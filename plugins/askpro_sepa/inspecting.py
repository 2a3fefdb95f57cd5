"""Reading a pain.008 file again before anybody gets it: every rule, and sums counted from what was really written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from askpro_sepa.pain008 import SCHEMA, Creditor, Line, faults_of_creditor, faults_of_line
from askpro_sepa.target import is_open
from askpro_sepa.words import IDENTIFIER

__all__ = ("Batch", "Written", "inspect")

_SPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_CENTS = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Batch:
    """A PmtInf with the end-to-end ids in it."""

    id: str
    collect_on: date
    end_to_end: tuple[str, ...]
    cents: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says, and what is wrong with it. Sums are counted, not read."""

    message_id: str
    batches: tuple[Batch, ...]
    faults: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(len(batch.end_to_end) for batch in self.batches)

    @property
    def cents(self) -> int:
        return sum(batch.cents for batch in self.batches)


def inspect(data: bytes) -> Written:
    """Never raises for what is in the file; bytes that are no pain.008.001.08 are one fault."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except Exception as error:  # whatever the parser says, it is the same to us
        return Written("", (), (f"not XML: {type(error).__name__}",))
    if root.tag != f"{_SPACE}Document" or len(root) != 1:
        return Written("", (), (f"not {SCHEMA}",))
    faults: list[str] = []
    header = root[0].find(f"{_SPACE}GrpHdr")
    message = _text(header, "MsgId")
    if not IDENTIFIER.fullmatch(message):
        faults.append("MsgId")
    batches = tuple(_batch(one, faults) for one in root[0].iter(f"{_SPACE}PmtInf"))
    ids = [batch.id for batch in batches]
    every = [one for batch in batches for one in batch.end_to_end]
    faults += [f"PmtInfId {one} twice" for one in sorted({one for one in ids if ids.count(one) > 1})]
    if len(set(every)) < len(every):
        faults.append("an EndToEndId twice")
    _sums(header, len(every), sum(batch.cents for batch in batches), "GrpHdr", faults)
    return Written(message, batches, tuple(faults))


def _batch(element: Element, faults: list[str]) -> Batch:
    name = _text(element, "PmtInfId")
    if not IDENTIFIER.fullmatch(name):
        faults.append(f"PmtInfId {name!r}")
    wanted = {"PmtMtd": "DD", "PmtTpInf/SvcLvl/Cd": "SEPA", "ChrgBr": "SLEV"}
    faults += [f"{name}: {path}" for path, value in wanted.items() if _text(element, path) != value]
    creditor = Creditor(
        _text(element, "Cdtr/Nm"), _text(element, "CdtrSchmeId/Id/PrvtId/Othr/Id"), _text(element, "CdtrAcct/Id/IBAN"),
        _text(element, "CdtrAgt/FinInstnId/BICFI"), _text(element, "PmtTpInf/LclInstrm/Cd"),
    )  # fmt: skip
    faults += [f"{name}: {fault}" for fault in faults_of_creditor(creditor)]
    day = _day(_text(element, "ReqdColltnDt"))
    if not is_open(day):
        faults.append(f"{name}: {day} is no TARGET day")
    lines = [_line(one, day, _text(element, "PmtTpInf/SeqTp"), faults) for one in _all(element, "DrctDbtTxInf")]
    cents = sum(line.cents for line in lines)
    _sums(element, len(lines), cents, name, faults)
    return Batch(name, day, tuple(line.end_to_end for line in lines), cents)


def _line(element: Element, day: date, sequence: str, faults: list[str]) -> Line:
    amount = element.find(f"{_SPACE}InstdAmt")
    line = Line(
        end_to_end=_text(element, "PmtId/EndToEndId"),
        cents=_cents(amount),
        mandate=_text(element, "DrctDbtTx/MndtRltdInf/MndtId"),
        signed_on=_day(_text(element, "DrctDbtTx/MndtRltdInf/DtOfSgntr"), date.max),
        name=_text(element, "Dbtr/Nm"),
        iban=_text(element, "DbtrAcct/Id/IBAN"),
        bic=_text(element, "DbtrAgt/FinInstnId/BICFI"),
        text=" ".join(one.text or "" for one in _all(element, "RmtInf/Ustrd")),
        collect_on=day,
        sequence=sequence,
    )
    found = faults_of_line(line)
    if amount is None or amount.get("Ccy") != "EUR":
        found.append("currency")
    if len(list(_all(element, "RmtInf/Ustrd"))) > 1:
        found.append("text")
    faults += [f"{line.end_to_end}: {fault}" for fault in found]
    return line


def _sums(element: Element | None, count: int, cents: int, where: str, faults: list[str]) -> None:
    if _text(element, "NbOfTxs") != str(count):
        faults.append(f"{where}: NbOfTxs")
    if element is None or _cents(element.find(f"{_SPACE}CtrlSum"), 18) != cents:
        faults.append(f"{where}: CtrlSum")


def _cents(element: Element | None, digits: int = 9) -> int:
    """Zero, which no rule allows, for what is no amount."""
    text = (element.text or "") if element is not None else ""
    found = (_CENTS if digits == 9 else re.compile(r"(\d{1,16})(?:\.(\d{1,2}))?", re.ASCII)).fullmatch(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0


def _day(text: str, otherwise: date = date.min) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


def _all(element: Element, path: str) -> Iterator[Element]:
    return element.iterfind("/".join(_SPACE + name for name in path.split("/")))


def _text(element: Element | None, path: str) -> str:
    found = next(_all(element, path), None) if element is not None else None
    return (found.text or "") if found is not None else ""
