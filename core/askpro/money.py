"""Money as whole numbers: 10⁻⁶ of a currency unit (D0).

Nothing in the house adds, rounds or splits money in any other way. Rounding is half up (away from zero on
a tie), once, at the end of a calculation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

from askpro.errors import InvalidInput

__all__ = ("UNITS", "Money", "allocate", "floor_to_minor", "parse_amount", "round_to_minor", "to_units")

UNITS = 1_000_000
"""Ledger units in one currency unit: the ledger counts 10⁻⁶."""

_LARGEST = 9_000_000_000_000_000_000  # keeps every sum of two amounts visible to bigint's own check


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in 10⁻⁶ of ``currency`` (ISO 4217). Adding two currencies is an error, never a conversion."""

    units: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"money counts whole units, not {type(self.units).__name__}")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise ValueError(f"not an ISO 4217 code: {self.currency!r}")
        if abs(self.units) > _LARGEST:
            raise OverflowError("amount beyond what the ledger holds")

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.units, self.currency)

    def __bool__(self) -> bool:
        return self.units != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.units

    @property
    def decimal(self) -> Decimal:
        """The exact amount in currency units."""
        return Decimal(self.units).scaleb(-6)

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """An amount in currency units that must be exact at 10⁻⁶.

        Raises InvalidInput when it is finer than that.
        """
        scaled = Decimal(amount).scaleb(6)
        if scaled != scaled.to_integral_value():
            raise InvalidInput(f"{amount} is finer than 0.000001", code="amount_too_fine")
        return cls(int(scaled), currency)


def to_units(amount: Decimal | Fraction) -> int:
    """Currency units to ledger units, rounded half up (D0)."""
    if isinstance(amount, Fraction):
        scaled = amount * UNITS
        half = Fraction(1, 2)
        whole = abs(scaled) + half
        return (whole.numerator // whole.denominator) * (1 if scaled >= 0 else -1)
    return int((amount * UNITS).quantize(Decimal(1), ROUND_HALF_UP))


def round_to_minor(units: int, minor_digits: int) -> int:
    """Ledger units rounded half up to a currency's smallest coin (2 digits for EUR, 0 for JPY), in ledger units."""
    return _quantized(units, minor_digits, ROUND_HALF_UP)


def floor_to_minor(units: int, minor_digits: int) -> int:
    """Ledger units rounded *down* to the smallest coin: a balance never shows more than is there (D0)."""
    return _quantized(units, minor_digits, ROUND_FLOOR)


def _quantized(units: int, minor_digits: int, rounding: str) -> int:
    step = Decimal(1).scaleb(-minor_digits)
    return int(Decimal(units).scaleb(-6).quantize(step, rounding).scaleb(6))


def allocate(units: int, weights: Sequence[int]) -> list[int]:
    """Split ``units`` by ``weights`` so that the parts add up exactly: largest remainder first (D0).

    Equal remainders go to the earlier part, so 100 in three equal parts is 34, 33, 33. Raises ValueError
    when no weight is positive or one is negative.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign, amount = (-1, -units) if units < 0 else (1, units)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def parse_amount(text: str, *, decimal_separator: str = ",", minor_digits: int = 2) -> int:
    """What a person typed into an amount field, in ledger units.

    Takes the reader's decimal separator and also the other one when it can only mean the decimals
    (``12.50`` typed by a German). ``1.250`` is refused rather than guessed: it could be either.
    Raises InvalidInput with a code that says which rule was broken.
    """
    cleaned = re.sub(r"[\s\u00a0\u202f€$£]", "", text)
    other = "." if decimal_separator == "," else ","
    own = re.escape(decimal_separator)
    grouped = re.fullmatch(rf"\d{{1,3}}(?:{re.escape(other)}\d{{3}})+{own}(\d+)", cleaned)
    if grouped:
        cleaned = cleaned.replace(other, "")
    elif re.fullmatch(rf"\d+{re.escape(other)}\d{{1,2}}", cleaned):
        cleaned = cleaned.replace(other, decimal_separator)
    if not re.fullmatch(rf"\d{{1,12}}(?:{own}\d+)?", cleaned):
        raise InvalidInput(code="amount_unreadable", field="amount")
    whole, _, decimals = cleaned.partition(decimal_separator)
    if len(decimals.rstrip("0")) > minor_digits:
        raise InvalidInput(code="amount_too_fine", field="amount")
    return int(whole) * UNITS + int((decimals + "000000")[:6])
