"""Amounts as people type them into a field, read and written in the reader's way: ``1.234,56``, ``1,234.56``, ``12,5``.

Nothing is guessed: an amount of money that can be read in two ways is refused, and so is whatever is no amount.
"""

from __future__ import annotations

import re

from askpro.errors import InvalidInput
from askpro.i18n import MINUS, Reader
from askpro.money import Money, parse_amount, round_to_minor
from askpro.payments.providers import minor_digits

__all__ = ("LONGEST", "from_address", "in_address", "read", "written")

LONGEST = 40
"""Characters of an amount."""
_SIGNS = frozenset("€$£")
_SPACES = " '\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
"""What groups thousands where neither comma nor full stop does."""


def read(reader: Reader, text: str, currency: str, *, signed: bool = False) -> Money:
    """What was typed, with or without the currency's sign; ``signed``: it may be below zero.

    Thousands may be grouped, by threes. Decimals may stand after the other separator where that can mean nothing else
    (``12.50`` typed by a German); ``1.250`` is refused, unless the currency has no decimals, and so is ``1,250``,
    unless it has three: a neighbour groups thousands that way.

    Raises InvalidInput: ``amount_unreadable``, ``amount_too_fine``, ``amount_negative``.
    """
    body = _without_currency(reader, text, currency)
    negative = body.startswith(("-", MINUS))
    if negative:
        body = body[1:].lstrip()
    digits = minor_digits(currency)
    plain = _plain(body, reader.decimal_separator, digits)
    units = parse_amount(plain, decimal_separator=".", minor_digits=digits)
    if negative and units and not signed:
        raise InvalidInput(code="amount_negative", field="amount")
    return Money(-units if negative else units, currency)


def written(reader: Reader, amount: Money) -> str:
    """An amount as the reader would type it: ``1234,50``, rounded half up to the smallest coin (D0)."""
    digits = minor_digits(amount.currency)
    coins = Money(round_to_minor(amount.units, digits), amount.currency)
    return f"{coins.decimal:.{digits}f}".replace(".", reader.decimal_separator)


def in_address(amount: Money) -> str:
    """An amount in addresses and hidden fields of ours, the same in every language: ``1234.50``."""
    return f"{amount.decimal:.{minor_digits(amount.currency)}f}"


def from_address(text: str, currency: str) -> Money:
    """What ``in_address`` wrote. Raises InvalidInput for anything else."""
    units = parse_amount(text[:LONGEST], decimal_separator=".", minor_digits=minor_digits(currency))
    return Money(units, currency)


def _without_currency(reader: Reader, text: str, currency: str) -> str:
    """The figures alone. Another currency's sign stays and makes it unreadable: 12 $ are not 12 €."""
    if len(text) > LONGEST:
        raise _unreadable()
    body, sign = text.strip(), reader.symbol(currency)
    for name in (sign, currency, *(_SIGNS & set(sign))):
        body = body.removeprefix(name).removesuffix(name).strip()
        if body.startswith(("-", MINUS)):  # −€12 as well as €−12
            body = body[0] + body[1:].lstrip().removeprefix(name).lstrip()
    return body


def _plain(body: str, own: str, digits: int) -> str:
    """Digits with a full stop before the decimals. The currency has ``digits`` of them; 0: the other one groups."""
    other = "." if own == "," else ","
    by = f"[{_SPACES}{re.escape(other)}]"
    grouped = re.fullmatch(rf"(\d{{1,3}}({by})\d{{3}}(?:\2\d{{3}})*)(?:{re.escape(own)}(\d+))?", body, re.ASCII)
    if grouped:
        figures, used, decimals = grouped.groups()
        if used == other and decimals is None and digits and figures.count(used) == 1:
            raise _unreadable()
        return re.sub(r"\D", "", figures) + (f".{decimals}" if decimals else "")
    simple = re.fullmatch(rf"(\d+)(?:{re.escape(own)}(\d+)|{re.escape(other)}(\d{{1,2}}))?", body, re.ASCII)
    if simple is None:
        raise _unreadable()
    decimals = simple[2] or simple[3]
    if decimals and len(decimals) == 3 > digits and decimals.endswith("0") and len(simple[1]) <= 3:
        raise _unreadable()
    return simple[1] + (f".{decimals}" if decimals else "")


def _unreadable() -> InvalidInput:
    return InvalidInput(code="amount_unreadable", field="amount")
