"""What a list needs that people open in a spreadsheet."""

from __future__ import annotations

__all__ = ("sheet_cell",)

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet_cell(text: str) -> str:
    """A text no spreadsheet takes for a formula (OWASP: CSV injection); for all that people have written."""
    return f"'{text}" if text.startswith(_FORMULA) else text
