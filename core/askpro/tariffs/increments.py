"""How many seconds of a call are billed (D1).

``raw = ⌈ms / 1000⌉``; a call not longer than the free seconds bills nothing; one not longer than the first
increment bills that increment; a longer one bills the first and as many next increments as it began. Only
the part beyond the first increment is rounded, so 21 s at 20/6 are 26 s and not the next multiple of six.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from askpro.errors import InvalidInput

__all__ = ("Increments", "billed_seconds", "raw_seconds")


class Increments(NamedTuple):
    """Seconds billed at least, and the step after them: ``30/6`` is (30, 6)."""

    first: int
    next: int

    @classmethod
    def parse(cls, text: str) -> Increments:
        """Read ``first/next``. Raises InvalidInput unless both are whole seconds above zero."""
        match = re.fullmatch(r"([1-9]\d{0,4})/([1-9]\d{0,4})", text, re.ASCII)
        if not match:
            raise InvalidInput(f"increments are written first/next in seconds, not {text!r}", field="increments")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.first}/{self.next}"


def raw_seconds(duration_ms: int) -> int:
    """Answered milliseconds as seconds begun."""
    return -(-duration_ms // 1000)


def billed_seconds(raw: int, first: int, following: int, free: int = 0) -> int:
    """Billed seconds of a call of ``raw`` seconds with increments ``first/following`` and ``free`` seconds."""
    if raw <= free:
        return 0
    if raw <= first:
        return first
    return first - (first - raw) // following * following  # ⌈x⌉ is -⌊-x⌋
