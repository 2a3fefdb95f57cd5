"""What a customer pays for a credit: the one place where a top-up meets tax.

D10, default: tax on receipt, credit net.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.money import Money, round_to_minor, to_units
from askpro.tenancy import tax

__all__ = ("Quote", "quote", "with_tax")


@dataclass(frozen=True, slots=True)
class Quote:
    """``net`` becomes credit, ``gross`` is paid, ``tax`` is the difference; ``rate`` as a fraction (0.19)."""

    net: Money
    tax: Money
    gross: Money
    rate: Decimal


def with_tax(net: Money, rate: Decimal, digits: int) -> Quote:
    """Tax on top, rounded half up to the smallest coin: 50.00 at 19 % are 9.50, together 59.50.

    Raises InvalidInput (``amount_too_fine``) when ``net`` is no whole number of coins, or nothing.
    """
    if net.units <= 0 or round_to_minor(net.units, digits) != net.units:
        raise InvalidInput("a top-up is a whole number of the smallest coin", code="amount_too_fine", field="amount")
    exact = to_units(Fraction(net.units) * Fraction(rate) / 1_000_000)
    added = Money(round_to_minor(exact, digits), net.currency)
    return Quote(net, added, net + added, rate)


async def quote(tenant: UUID, net: Money, day: date, digits: int) -> Quote:
    """At the tenant's rate on that civil day. Raises InvalidInput, NotFound (``tax_rate_missing``)."""
    return with_tax(net, await tax.rate_on(tenant, day), digits)
