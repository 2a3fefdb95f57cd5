"""What may be said of a person or customer. Each check returns the accepted value or raises InvalidInput."""

from __future__ import annotations

import re

from askpro.errors import InvalidInput
from askpro.tenancy import checks

__all__ = ("currency", "email", "locale", "name")

currency = checks.currency


def name(text: str) -> str:
    """One line with something in it."""
    stripped = text.strip()
    if not 1 <= len(stripped) <= 200 or any(ord(character) < 32 for character in stripped):
        raise InvalidInput("a name has 1 to 200 characters", field="name")
    return stripped


def email(text: str) -> str:
    """An address that mail could go to, in lower case; whether it does is found out by sending."""
    lowered = text.strip().lower()
    if len(lowered) > 254 or not re.fullmatch(r"[^\s@,;<>\"()]{1,64}@[^\s@,;<>\"()]+\.[^\s@.,;<>\"()]{2,}", lowered):
        raise InvalidInput("this does not look like an e-mail address", code="email_unreadable", field="email")
    return lowered


def locale(text: str) -> str:
    """A language, or empty for the reseller's."""
    return checks.locale(text) if text else ""
