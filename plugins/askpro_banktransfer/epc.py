"""The QR code that banking apps read (EPC069-12, version 002): its content, and its drawing.

Twelve lines: service tag, version, character set (1 = UTF-8), identification, BIC, name, IBAN, amount, purpose,
structured reference, free text, note to the payer. Error correction M, at most 331 bytes, so at most 13-M.
"""

from __future__ import annotations

from decimal import Decimal

import segno

from askpro.money import Money

__all__ = ("EEA", "MOST_BYTES", "content", "drawn")

EEA = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
"""Where an IBAN alone finds the account (version 002); elsewhere the BIC must be there."""

MOST_BYTES = 331
_LONGEST_NAME = 70
_LEAST, _MOST = Decimal("0.01"), Decimal("999999999.99")


def content(*, holder: str, iban: str, bic: str | None, amount: Money, reference: str) -> str:
    """What the code says. Raises ValueError for what no such code can say."""
    value = amount.decimal
    if amount.currency != "EUR" or not _LEAST <= value <= _MOST or value != round(value, 2):
        raise ValueError("only whole cents in EUR")
    if iban[:2] not in EEA and not bic:
        raise ValueError("outside the European Economic Area it needs a BIC")
    name = " ".join(holder.split())[:_LONGEST_NAME]
    while True:
        lines = ("BCD", "002", "1", "SCT", bic or "", name, iban, f"EUR{value:.2f}", "", reference)
        text = "\n".join(lines)
        if len(text.encode()) <= MOST_BYTES:
            return text
        name = name[:-1]


def drawn(text: str) -> str:
    """The code as an SVG element: black on white whatever the page's colours, without style or script."""
    code = segno.make_qr(text.encode(), error="m", boost_error=False)
    return str(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=False))
