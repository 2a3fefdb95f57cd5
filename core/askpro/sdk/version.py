"""The version of the contracts, and how a plugin says which ones it was written for.

Adding a hook, an argument or an optional field raises the second number; taking one away raises the first,
after one minor release in which it warned.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from askpro.errors import InvalidInput

__all__ = ("SDK_VERSION", "accepts", "parse_version")

SDK_VERSION = "1.1"
"""The contracts this host speaks."""

_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def parse_version(text: str) -> tuple[int, ...]:
    """``"1.4.2"`` as ``(1, 4, 2)``; trailing zeros do not count. Raises InvalidInput."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6}){0,3}", text):
        raise InvalidInput(f"{text!r} is not a version like 1.4", code="version_unreadable")
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def accepts(wanted: str, version: str = SDK_VERSION) -> bool:
    """Whether ``version`` lies in a range such as ``">=1.0,<2"``. Raises InvalidInput for an unreadable range."""
    actual, verdicts = parse_version(version), []
    for clause in wanted.split(","):
        found = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*([\d.]+)", clause.strip())
        if found is None:
            raise InvalidInput(f"{wanted!r} is not a range like >=1.0,<2", code="range_unreadable")
        verdicts.append(_COMPARE[found[1]](actual, parse_version(found[2])))
    return all(verdicts)
