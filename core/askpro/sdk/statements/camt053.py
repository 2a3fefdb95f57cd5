"""Account statements of version 02 and later. The versions differ in where a status and a party's name stand."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk.statements.entries import read_entry
from askpro.sdk.statements.keys import keyed
from askpro.sdk.statements.model import Entry, Statement
from askpro.sdk.statements.xml import document, every, first, money, the_time, words

__all__ = ("read_camt053",)


def read_camt053(data: bytes) -> list[Statement]:
    """The statements of a camt.053 file, in its order.

    Raises InvalidInput whose code begins with ``statement_`` and whose detail names what is wrong: not XML, unsafe XML,
    another message, an amount, date or currency that is none, an entry in another currency than its account.
    """
    message, name = document(data, "camt.053")
    page = _page(first(message, "GrpHdr/MsgPgntn"))  # where versions before 03 number the pages
    statements = [_statement(one, page) for one in every(message, "Stmt")]
    if not statements:
        raise InvalidInput(f"the {name} file holds no statement", code="statement_empty")
    return keyed(statements)


def _statement(element: Element, page: int) -> Statement:
    iban = words(element, "Acct/Id/IBAN").replace(" ", "").upper()
    account = iban or words(element, "Acct/Id/Othr/Id")
    if not account:
        raise InvalidInput("a statement names no account", code="statement_account")
    opening, closing = _balance(element, "OPBD", "PRCD"), _balance(element, "CLBD")
    problems: list[str] = []
    entries: list[Entry] = []
    for entry in every(element, "Ntry"):
        entries += read_entry(entry, iban, problems)
    currency = words(element, "Acct/Ccy") or _currency(opening, closing, *(one.amount for one in entries))
    for amount in (opening, closing, *(one.amount for one in entries)):
        if amount is not None and amount.currency != currency:
            detail = f"an amount in {amount.currency} on an account in {currency}"
            raise InvalidInput(detail, code="statement_currency")
    problems += _sums(opening, closing, entries)
    return Statement(
        id=words(element, "Id"),
        account_iban=iban,
        account=account,
        currency=currency,
        number=words(element, "ElctrncSeqNb", "LglSeqNb"),
        page=_page(first(element, "StmtPgntn")) or page or 1,
        created_at=the_time(element, "CreDtTm"),
        opening=opening,
        closing=closing,
        entries=tuple(entries),
        problems=tuple(problems),
    )


def _page(element: Element | None) -> int:
    number = words(element, "PgNb")
    return int(number) if number.isascii() and number.isdecimal() else 0


def _balance(element: Element, *codes: str) -> Money | None:
    for code in codes:
        for one in every(element, "Bal"):
            if words(one, "Tp/CdOrPrtry/Cd") == code and (amount := money(first(one, "Amt"))) is not None:
                return -amount if words(one, "CdtDbtInd") == "DBIT" else amount
    return None


def _currency(*amounts: Money | None) -> str:
    return next((one.currency for one in amounts if one is not None), "")


def _sums(opening: Money | None, closing: Money | None, entries: list[Entry]) -> list[str]:
    """Whether the booked entries lead from the one balance to the other."""
    if opening is None or closing is None:
        return []
    moved = sum(one.amount.units if one.credit else -one.amount.units for one in entries if one.booked)
    wanted = opening + Money(moved, opening.currency)
    if wanted == closing:
        return []
    return [
        f"opening balance {opening.decimal} and entries make {wanted.decimal},"
        f" the closing balance is {closing.decimal} {closing.currency}"
    ]
