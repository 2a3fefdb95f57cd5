"""What may be said of a tenant. Each check returns the accepted value or raises InvalidInput with its field."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.tenancy.model import Topup

__all__ = (
    "adjustment_limits", "country", "currency", "host", "locale", "logo", "name", "slug", "timezone", "topup",
)  # fmt: skip

_RESERVED = frozenset({"admin", "api", "askpro", "mail", "platform", "static", "status", "www"})
_LOGO_BYTES = 32_768


def slug(text: str) -> str:
    """The short name of a tenant: part of its host, so some names are kept back."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", text, re.ASCII) or text.endswith("-"):
        raise InvalidInput(f"{text!r}: 2 to 41 of a-z, 0-9 and -, a letter first", field="slug")
    if text in _RESERVED or "--" in text:
        raise InvalidInput(f"{text!r} is kept for the platform", field="slug")
    return text


def name(text: str) -> str:
    """What people call it."""
    stripped = text.strip()
    if not 1 <= len(stripped) <= 120 or any(ord(character) < 32 for character in stripped):
        raise InvalidInput("a name has 1 to 120 characters", field="name")
    return stripped


def currency(text: str) -> str:
    """ISO 4217."""
    if not re.fullmatch(r"[A-Z]{3}", text, re.ASCII):
        raise InvalidInput(f"not an ISO 4217 code: {text!r}", field="currency")
    return text


def country(text: str) -> str:
    """ISO 3166, two letters."""
    if not re.fullmatch(r"[A-Z]{2}", text, re.ASCII):
        raise InvalidInput(f"a country is two capital letters, not {text!r}", field="country")
    return text


def locale(text: str) -> str:
    """A language Babel knows (``de``, ``en_GB``)."""
    try:
        return str(Locale.parse(text, sep="-" if "-" in text else "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise InvalidInput(f"no such language: {text!r}", field="locale") from error


def timezone(text: str) -> str:
    """An IANA zone (``Europe/Berlin``)."""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"no such time zone: {text!r}", field="timezone") from error


def host(text: str, base_domain: str = "") -> str:
    """A host name in lower case, outside the platform's own domain: below it slugs decide, and nothing else."""
    lowered = text.strip().lower().rstrip(".")
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    if len(lowered) > 253 or not re.fullmatch(rf"(?:{label}\.)+[a-z][a-z0-9-]*[a-z0-9]", lowered, re.ASCII):
        raise InvalidInput(f"{text!r} is no host name (write other scripts in punycode)", field="domains")
    if base_domain and (lowered == base_domain or lowered.endswith(f".{base_domain}")):
        raise InvalidInput(f"{lowered} belongs to the platform", field="domains")
    return lowered


def topup(value: Topup, in_currency: str) -> Topup:
    """Amounts that are money, in order and within the limits."""
    try:
        low, high = _amount(value.minimum, in_currency), _amount(value.maximum, in_currency)
        amounts = [_amount(text, in_currency) for text in value.amounts]
    except InvalidOperation as error:
        raise InvalidInput('amounts are written "12.50"', field="settings.topup") from error
    if not 0 < low <= high:
        raise InvalidInput("the least amount is above zero and not above the largest", field="settings.topup.minimum")
    if not amounts or amounts != sorted(set(amounts)) or not low <= amounts[0] <= amounts[-1] <= high:
        raise InvalidInput("amounts ascend between the least and the largest", field="settings.topup.amounts")
    return value


def adjustment_limits(value: dict[str, str]) -> dict[str, str]:
    """Amounts of zero or more, each under its currency."""
    for code, text in value.items():
        try:
            currency(code)
            if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text, re.ASCII):
                raise InvalidInput('amounts are written "100" or "12.50"')
        except InvalidInput as error:
            raise InvalidInput(str(error), field=f"settings.adjustment_limits.{code}") from error
    return value


def _amount(text: str, in_currency: str) -> int:
    return Money.of(Decimal(text), in_currency).units


def logo(svg: str) -> str:
    """An SVG that draws and does nothing else: no script, no reference to anywhere, no entity."""
    if not svg:
        return ""
    if len(svg.encode()) > _LOGO_BYTES:
        raise InvalidInput(f"a logo has at most {_LOGO_BYTES} bytes", field="brand.logo")
    if not re.match(r"\s*(?:<\?xml [^>]*\?>\s*)?<svg[\s>]", svg):
        raise InvalidInput("a logo is an SVG document", field="brand.logo")
    active = (
        r"<!DOCTYPE|<!ENTITY|<\s*(?:\w+:)?(?:script|foreignObject|iframe|image|use|animate|set|handler)\b"
        r"|\son\w+\s*=|href\s*=|javascript:|data:|@import|url\(\s*['\"]?(?!#)"
    )
    if found := re.search(active, svg, re.IGNORECASE):
        raise InvalidInput(f"a logo may not contain {found[0].strip()!r}", field="brand.logo")
    return svg
