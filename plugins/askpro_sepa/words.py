"""What may stand in a SEPA file: letters, identifiers, account numbers. Pure.

Banks forward a to z, digits and a few signs. Everything else is written in them (ä as ae, & as +) or refused, and what
is too long is refused, never cut: a name cut short is another name.
"""

from __future__ import annotations

import re
import unicodedata

import schwifty

from askpro.errors import InvalidInput

__all__ = (
    "COUNTRIES",
    "IDENTIFIER",
    "MANDATE",
    "NAME",
    "TEXT",
    "creditor_id_ok",
    "is_plain",
    "masked",
    "plain",
    "plain_name",
    "read_bic",
    "read_iban",
)

_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
COUNTRIES = frozenset(_EEA.split())
"""The European Economic Area: within it an IBAN is enough; elsewhere banks want the debtor's address as well."""

IDENTIFIER = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/\-?:().,'+ ]{1,35}(?<!/)", re.ASCII)
"""Message, batch and end-to-end ids."""
MANDATE = re.compile(r"[A-Za-z0-9/\-?:().,'+]{1,35}", re.ASCII)
"""Mandate ids: no space inside."""
NAME, TEXT = 70, 140

_PLAIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*", re.ASCII)
_CREDITOR = re.compile(r"([A-Z]{2})(\d\d)([A-Z0-9]{3})([A-Z0-9]{1,28})", re.ASCII)
_PAIRS = (
    "ä ae ö oe ü ue Ä Ae Ö Oe Ü Ue ß ss ẞ SS æ ae Æ Ae œ oe Œ Oe ø oe Ø Oe å a Å A ł l Ł L đ d Đ D ð d Ð D þ th Þ Th "
    "ı i ħ h Ħ H ŋ n Ŋ N & + ; , _ - @ (at) € EUR £ GBP $ USD § Par. ° o º o ª a % o/o * . # . = - ~ - | / \\ / "
    "\" ' „ ' “ ' ” ' « ' » ' ‚ ' ‘ ' ’ ' ` ' ´ ' [ ( ] ) { ( } ) < ( > ) – - — - − - ‐ - ‑ - … ... • . · . ! . "
    "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o "
    "а a б b в v г g д d е e ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х h ц ts ч ch ш sh щ sht ъ a "
    "ь y ю yu я ya ё e э e ы y і i ї yi є ye ґ g"
)
_TABLE: dict[str, str] = dict(zip(_PAIRS.split(" ")[::2], _PAIRS.split(" ")[1::2], strict=True))


def plain(text: str) -> str:
    """``text`` in the letters banks forward; what has no likeness among them (an emoji) is left out."""
    kept = [_letter(sign) for sign in unicodedata.normalize("NFC", text)]
    return " ".join("".join(kept).split())


def _letter(sign: str) -> str:
    if _PLAIN.fullmatch(sign):
        return sign
    if sign.isspace():
        return " "
    if sign in _TABLE:
        return _TABLE[sign]
    if (lower := sign.lower()) != sign and lower in _TABLE:
        return _TABLE[lower].capitalize()
    parts = unicodedata.normalize("NFKD", sign)
    return "" if parts == sign else "".join(map(_letter, parts))


def is_plain(text: str) -> bool:
    """Whether banks forward it as it is."""
    return _PLAIN.fullmatch(text) is not None


def plain_name(text: str) -> str:
    """A name as the file has it. Raises InvalidInput (``name``) when nothing is left of it, or it is too long."""
    name = plain(text)
    if not any(sign.isalpha() for sign in name):
        raise InvalidInput("no letter that a bank knows", code="sepa_name", field="name")
    if len(name) > NAME:
        raise InvalidInput(f"longer than {NAME} letters", code="sepa_name_long", field="name")
    return name


def read_iban(text: str) -> str:
    """An account of the European Economic Area, without spaces. Raises InvalidInput (``iban``).

    Outside Germany the country's own check digits are tried as well; German banks have too many ways of their own.
    """
    packed = re.sub(r"[\s.\-]", "", text).upper()
    try:
        number = schwifty.IBAN(packed, validate_bban=not packed.startswith("DE"))
    except ValueError as error:
        raise InvalidInput("this is no IBAN", code="sepa_iban", field="iban") from error
    if number.country_code not in COUNTRIES:
        raise InvalidInput("accounts outside the EEA cannot be debited", code="sepa_iban_country", field="iban")
    return str(number.compact)


def read_bic(text: str) -> str:
    """A BIC, or empty. Raises InvalidInput (``bic``)."""
    packed = re.sub(r"\s", "", text).upper()
    if not packed:
        return ""
    try:
        return str(schwifty.BIC(packed).compact)
    except ValueError as error:
        raise InvalidInput("this is no BIC", code="sepa_bic", field="bic") from error


def creditor_id_ok(text: str) -> bool:
    """Form and check digits (ISO 7064 mod 97-10) of a creditor identifier; its business code is not part of the sum."""
    found = _CREDITOR.fullmatch(text)
    if found is None:
        return False
    country, digits, _, national = found.groups()
    return int("".join(str(int(sign, 36)) for sign in national + country + digits)) % 97 == 1


def masked(iban: str) -> str:
    """``DE•• •••• 1234``: as much of an account as pages and mails show."""
    return f"{iban[:2]}•• •••• {iban[-4:]}"
