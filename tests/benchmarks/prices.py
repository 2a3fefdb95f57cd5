"""A price list as they are: 600 prefixes, increments, an allowance, volume tiers, cost below price, a commission."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Any

__all__ = ("PREFIXES", "WHOLESALE", "number", "retail", "scattered")

_random = Random(600)  # the same deck in every run


def _deck() -> list[str]:
    """Prefixes of one to seven digits, short ones with longer ones inside them, as in any carrier's deck."""
    found = {str(digit) for digit in range(1, 10)}
    while len(found) < 600:
        parent = _random.choice(sorted(found))
        if len(parent) < 7:
            found.add(parent + str(_random.randrange(10)))
    return sorted("+" + one for one in found)


PREFIXES = _deck()


def _cents(low: int, high: int) -> str:
    return f"{_random.randint(low, high) / 10_000:.4f}"


WHOLESALE: dict[str, Any] = {
    "increments": [1, 1],
    "inbound": "0.0040",
    "outbound": {prefix: _cents(50, 900) for prefix in PREFIXES},
    "items": [["token", "0.000002"], ["booking", "0.05"]],
}


def retail() -> dict[str, Any]:
    """One reseller's list: everything that makes a call more than a multiplication."""
    return {
        "increments": [30, 6],
        "free_seconds": 3,
        "connect_fee": "0.01",
        "inbound": "0.02",
        "outbound": {prefix: _cents(1_000, 4_000) for prefix in PREFIXES},
        "items": [["token", "0.00001"], ["booking", "0.30"]],
        "included_seconds": 6_000,
        "tiers": [
            {"from_seconds": 12_000, "discount_percent": "5"},
            {"from_seconds": 30_000, "discount_percent": "12.5"},
            {"from_seconds": 60_000, "discount_percent": "20"},
        ],
    }


def scattered(random: Random) -> str:
    """A destination somewhere in the deck: hardly one begins like another."""
    prefix = random.choice(PREFIXES)
    return prefix + str(random.randrange(10 ** (11 - len(prefix)), 10 ** (12 - len(prefix))))


_RANGES = [scattered(_random)[:8] for _ in range(5_000)]
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, len(_RANGES) + 1)))


def number(random: Random) -> str:
    """A destination as people call them: five thousand number ranges, some far oftener than others (Zipf)."""
    return random.choices(_RANGES, cum_weights=_WEIGHTS)[0] + str(random.randrange(1_000, 9_999))
