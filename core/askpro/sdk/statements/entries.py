"""One ``Ntry`` of a statement as the movements it stands for: itself, or each transaction of a batch."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk.statements.model import Entry
from askpro.sdk.statements.xml import every, first, money, the_date, words

__all__ = ("read_entry",)


def read_entry(entry: Element, account_iban: str, problems: list[str]) -> list[Entry]:
    """The movements of an entry. A batch whose parts do not add up stays in one piece and is reported.

    Raises InvalidInput ``statement_amount``, ``statement_currency``, ``statement_date``.
    """
    amount, credit = money(first(entry, "Amt")), _credit(entry)
    if amount is None or credit is None:
        raise InvalidInput("an entry has no amount or no direction", code="statement_amount")
    details = list(every(entry, "NtryDtls/TxDtls"))
    told = words(entry, "NtryDtls/Btch/NbOfTxs")
    if len(details) < 2:
        batch = not details and told.isdecimal() and int(told) > 1
        return [_movement(entry, details[0] if details else None, amount, credit, account_iban, batch=batch)]
    parts = [(one, money(first(one, "Amt", "AmtDtls/TxAmt/Amt")), _credit(one, credit)) for one in details]
    total, whole = 0, amount.units if credit else -amount.units
    for _, part, into in parts:
        if part is None or part.currency != amount.currency:
            break
        total += part.units if into else -part.units
    else:
        if total == whole:
            return [
                _movement(entry, one, part, bool(into), account_iban, batch=True)
                for one, part, into in parts
                if part is not None
            ]
    where = words(entry, "AcctSvcrRef", "NtryRef") or f"{amount.decimal} {amount.currency}"
    problems.append(f"the {len(details)} parts of entry {where} do not add up to it: taken as one")
    return [_movement(entry, None, amount, credit, account_iban, batch=True)]


def _credit(element: Element, default: bool | None = None) -> bool | None:
    return {"CRDT": True, "DBIT": False}.get(words(element, "CdtDbtInd"), default)


def _movement(
    entry: Element, detail: Element | None, amount: Money, credit: bool, account_iban: str, *, batch: bool
) -> Entry:
    name, iban = _counterparty(detail, credit, account_iban)
    proprietary = words(entry, "Sts/Prtry")
    texts = [text for one in every(detail, "RmtInf/Ustrd") if (text := " ".join((one.text or "").split()))]
    instructed = money(first(detail, "AmtDtls/InstdAmt/Amt"))
    reference = words(detail, "Refs/AcctSvcrRef")
    if not reference and (detail is None or not batch):
        reference = words(entry, "AcctSvcrRef")
    elif not reference and (shared := words(entry, "AcctSvcrRef")):  # the parts of a batch are told apart by their keys
        reference = f"{shared}/{words(detail, 'Refs/TxId', 'Refs/InstrId', 'Refs/EndToEndId')}".rstrip("/")
    return Entry(
        amount=amount,
        credit=credit,
        status=words(entry, "Sts/Cd", "Sts").upper() or proprietary,
        reversal=words(entry, "RvslInd").lower() in ("true", "1"),
        booked_on=the_date(entry, "BookgDt/Dt", "BookgDt/DtTm"),
        value_on=the_date(entry, "ValDt/Dt", "ValDt/DtTm"),
        end_to_end_id=words(detail, "Refs/EndToEndId"),
        mandate_id=words(detail, "Refs/MndtId"),
        creditor_reference=words(detail, "RmtInf/Strd/CdtrRefInf/Ref"),
        remittance=" ".join(texts) or ("" if detail is not None else words(entry, "AddtlNtryInf")),
        counterparty_name=name,
        counterparty_iban=iban,
        bank_ref=reference,
        return_reason=words(detail, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
        instructed=instructed if instructed != amount else None,
        charges=_charges(detail),
        transaction_code=_code(detail) or _code(entry),
        batch=batch,
        payment_id=words(detail, "Refs/PmtInfId") or words(entry, "NtryDtls/Btch/PmtInfId"),
        message_id=words(detail, "Refs/MsgId") or words(entry, "NtryDtls/Btch/MsgId"),
    )


def _counterparty(detail: Element | None, credit: bool, account_iban: str) -> tuple[str, str]:
    """Name and IBAN of the other side. In a return the parties keep their first roles, so ours is told by its IBAN."""
    sides = ("Dbtr", "Cdtr") if credit else ("Cdtr", "Dbtr")
    parties = first(detail, "RltdPties")
    found = [(_name(parties, side), words(parties, f"{side}Acct/Id/IBAN").replace(" ", "").upper()) for side in sides]
    others = [one for one in found if one[1] and one[1] != account_iban]
    if others:
        return others[0]
    return found[0] if found[0][1] != account_iban or not account_iban else found[1]


def _name(parties: Element | None, side: str) -> str:
    return words(parties, f"{side}/Pty/Nm", f"{side}/Nm", f"Ultmt{side}/Pty/Nm", f"Ultmt{side}/Nm")


def _charges(detail: Element | None) -> Money | None:
    total: Money | None = money(first(detail, "Chrgs/TtlChrgsAndTaxAmt"))
    if total is not None:
        return total
    for one in (*every(detail, "Chrgs/Rcrd/Amt"), *every(detail, "Chrgs/Amt")):
        amount = money(one)
        if amount is not None and (total is None or total.currency == amount.currency):
            total = amount if total is None else total + amount
    return total


def _code(element: Element | None) -> str:
    domain = first(element, "BkTxCd/Domn")
    parts = [words(domain, "Cd"), words(domain, "Fmly/Cd"), words(domain, "Fmly/SubFmlyCd")]
    return "-".join(part for part in parts if part) or words(element, "BkTxCd/Prtry/Cd")
