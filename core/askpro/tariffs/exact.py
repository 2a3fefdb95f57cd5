"""Exact prices in whole numbers, and the one case in which the definition is not exact (D2).

**Definition.** A price is decimal arithmetic with 28 significant digits, intermediate results half even:
``connect + per_call + seconds/60 * rate [+ next tier] + count * item price …`` from left to right, times
10⁶, rounded half up to whole ledger units, once.

``seconds/60`` ends only when the seconds are divisible by three. Otherwise the definition carries an error
of some 10⁻²⁸, far too small to matter unless the true value lies exactly between two units: then the price
may come out at the lower one. That is agreed behaviour, because anybody with a decimal calculator must be
able to arrive at the same figure.

**Way.** Amounts are counted in *parts*, ``1 / (60 · 10¹²)`` of a currency unit: every rate (12 decimals, a
discounted one included), fee and item price is a whole number of parts per second or piece. Rounding parts half
up equals the definition except at a tie, and a tie shows as a remainder of zero; only then are the decimals
computed. Proof for amounts up to ``SAFE`` (10⁹ currency units): a sum of a hundred terms is off by less than
100 · 5·10⁻²⁸ · 10⁹ = 5·10⁻¹⁷ currency units, 5·10⁻¹¹ ledger units; what is no tie is at least 1/60,000,000
of a ledger unit away from one. Larger amounts always take the decimals.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

__all__ = ("DECIMALS", "HALF_UNIT", "PARTS", "REFERENCE", "SAFE", "UNIT", "defined_units", "parts", "parts_per_second")

DECIMALS = 12
"""Decimals that a rate, fee or item price may have at most."""

_ONE: int = 10**DECIMALS

PARTS: int = 60 * _ONE
"""Parts in one currency unit."""

UNIT: int = PARTS // 10**6
"""Parts in one ledger unit (10⁻⁶)."""

HALF_UNIT = UNIT // 2

SAFE: int = 10**9 * PARTS
"""Up to here whole numbers are proven to equal the definition."""

REFERENCE = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, InvalidOperation, Overflow])
"""The arithmetic of the definition, whatever context the caller has set."""

_add, _divide, _multiply = REFERENCE.add, REFERENCE.divide, REFERENCE.multiply
_ZERO, _SIXTY, _MILLION = Decimal(0), Decimal(60), Decimal(10**6)


def parts(amount: Decimal) -> int:
    """A fee or item price in parts. Raises ValueError when it is finer than ``DECIMALS``."""
    return _whole(amount, PARTS)


def parts_per_second(rate: Decimal) -> int:
    """A rate per minute in parts per second. Raises ValueError when it is finer than ``DECIMALS``."""
    return _whole(rate, _ONE)


def defined_units(
    fees: Iterable[Decimal], timed: Iterable[tuple[int, Decimal]], pieces: Iterable[tuple[int, Decimal]]
) -> int:
    """Ledger units by the definition.

    Args:
        fees: connect fee and fee per call, in currency units.
        timed: (seconds, rate per minute), in the order of the tiers.
        pieces: (count, price), in the order in which the card declares the items.
    """
    amount = _ZERO
    for fee in fees:
        amount = _add(amount, fee)
    for seconds, rate in timed:
        amount = _add(amount, _multiply(_divide(seconds, _SIXTY), rate))
    for count, price in pieces:
        amount = _add(amount, _multiply(count, price))
    return int(_multiply(amount, _MILLION).to_integral_value(ROUND_HALF_UP))


def _whole(amount: Decimal, scale: int) -> int:
    above, below = amount.as_integer_ratio()
    found, rest = divmod(above * scale, below)
    if rest:
        raise ValueError(f"{amount} has more than {DECIMALS} decimals")
    return found
