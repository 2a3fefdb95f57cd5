"""What a template is given, as JSON and back; and texts from outside, made harmless for a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from askpro.money import Money

__all__ = ("one_line", "pack", "unpack")

_LONGEST = 2_000


def one_line(text: str, longest: int = _LONGEST) -> str:
    """The text on one line: no line break, no control or direction character, no run of blanks.

    A name with a line break in it could add a header to a mail, one with direction marks could make an address read
    backwards. What is too long ends in an ellipsis.
    """
    plain = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)
    # what is left of category C is invisible: direction marks, joiners, halves of characters
    shown = "".join(one for one in plain if not unicodedata.category(one).startswith("C"))
    words = " ".join(shown.split(" ")).strip()
    while "  " in words:
        words = words.replace("  ", " ")
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON. Texts are on one line afterwards. Raises TypeError for what no mail can hold."""
    return {name: _packed(value) for name, value in values.items()}


def _packed(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return one_line(value)
        case UUID():
            return str(value)
        case Money():
            return {"money": [value.units, value.currency]}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case list() | tuple():
            return [_packed(one) for one in value]
    raise TypeError(f"a mail cannot hold {type(value).__name__}")


def unpack(given: Mapping[str, Any]) -> dict[str, Any]:
    """What ``pack`` made, as values again."""
    return {name: _unpacked(value) for name, value in given.items()}


def _unpacked(value: Any) -> Any:
    match value:
        case {"money": [int(units), str(currency)]}:
            return Money(units, currency)
        case {"at": str(text)}:
            return datetime.fromisoformat(text)
        case {"day": str(text)}:
            return date.fromisoformat(text)
        case list():
            return [_unpacked(one) for one in value]
    return value
