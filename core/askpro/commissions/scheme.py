"""What a reseller earns on one call, in 10⁻⁶ currency units (D8).

* ``percent``: that percentage of the net consumed revenue, the retail price of the call;
* ``margin``: that percentage of retail minus wholesale, negative where a call was sold below cost;
* ``per_minute``: that amount of currency for each billed minute, ``value · (billed seconds / 60)``.

Each is rounded half up (away from zero) once. The first two are exact; the third is decimal arithmetic with 28
digits, the same definition as of a price, so a tie whose minutes do not end may come out one unit lower.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from askpro.errors import InvalidInput
from askpro.tariffs.exact import HALF_UNIT, SAFE, UNIT, defined_units, parts_per_second

__all__ = ("Kind", "Scheme", "commission")

Kind: TypeAlias = Literal["percent", "margin", "per_minute"]

_HUNDRED = 100 * 10**8  # a percentage with 8 decimals, as a whole number
_HALF = _HUNDRED // 2


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a reseller earns: ``value`` is a percentage (0 to 100) or an amount per minute, up to 8 decimals.

    Raises InvalidInput on a value that makes no sense.
    """

    kind: Kind
    value: Decimal
    scaled: int = field(init=False, repr=False, compare=False)
    """The percentage times 10⁸, or parts per second: what the calculation works with."""

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal):
            raise TypeError(f"a commission is a Decimal, not {type(self.value).__name__}")
        if self.kind not in ("percent", "margin", "per_minute"):
            raise InvalidInput(f"no such scheme: {self.kind!r}", field="commission.scheme")
        limit = 10**10 if self.kind == "per_minute" else 101
        if not self.value.is_finite() or not 0 <= self.value < limit or (limit == 101 and self.value > 100):
            raise InvalidInput(f"{self.value} is no commission", field="commission.value")
        if self.value * 10**8 % 1:
            raise InvalidInput(f"{self.value} has more than 8 decimals", field="commission.value")
        scaled = parts_per_second(self.value) if self.kind == "per_minute" else int(self.value * 10**8)
        object.__setattr__(self, "scaled", scaled)


def commission(scheme: Scheme, retail_units: int, wholesale_units: int, billed_seconds: int) -> int:
    """Ledger units earned on a call with these legs; ``billed_seconds`` are those of the retail leg."""
    if scheme.kind == "per_minute":
        amount = billed_seconds * scheme.scaled
        units, rest = divmod(amount + HALF_UNIT, UNIT)
        if (not rest and billed_seconds % 3) or amount > SAFE:
            return defined_units((), ((billed_seconds, scheme.value),), ())
        return units
    base = retail_units if scheme.kind == "percent" else retail_units - wholesale_units
    if base < 0:
        return -((_HALF - base * scheme.scaled) // _HUNDRED)
    return (_HALF + base * scheme.scaled) // _HUNDRED
