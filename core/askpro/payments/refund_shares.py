"""What part of a paid order goes back: net, tax and gross of one refund or dispute. Pure.

Each part is the difference of two rounded totals, so the parts of an order that goes back completely add up to exactly
its net, tax and gross, in whichever steps, and never to a coin more on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from askpro.money import Money, round_to_minor, to_units

__all__ = ("Share", "of_gross", "of_net")


@dataclass(frozen=True, slots=True)
class Share:
    """In 10⁻⁶ of the order's currency; ``gross`` = ``net`` + ``tax``."""

    net: int = 0
    tax: int = 0

    @property
    def gross(self) -> int:
        """What is paid back."""
        return self.net + self.tax

    def __add__(self, other: Share) -> Share:
        return Share(self.net + other.net, self.tax + other.tax)

    def __sub__(self, other: Share) -> Share:
        return Share(self.net - other.net, self.tax - other.tax)

    def money(self, currency: str) -> tuple[Money, Money, Money]:
        """(net, tax, gross)."""
        return Money(self.net, currency), Money(self.tax, currency), Money(self.gross, currency)


def of_net(order: Share, gone: Share, net: int, digits: int) -> Share:
    """The part with that net, after ``gone`` has gone back. Raises ValueError when so much is not left."""
    reached = gone.net + net
    if net <= 0 or reached > order.net:
        raise ValueError("more than is left of the order")
    tax = order.tax if reached == order.net else _part(order.tax, reached, order.net, digits)
    return Share(net, min(max(tax - gone.tax, 0), order.tax - gone.tax))


def of_gross(order: Share, gone: Share, gross: int, digits: int) -> Share:
    """The part that pays that gross, or what is left of it."""
    left = order - gone
    gross = min(gross, left.gross)
    if gross <= 0:
        return Share()
    net = _part(order.net, gone.gross + gross, order.gross, digits) - gone.net
    net = max(min(net, left.net, gross), gross - left.tax, 0)
    return Share(net, gross - net)


def _part(units: int, part: int, whole: int, digits: int) -> int:
    return round_to_minor(to_units(Fraction(units * part, whole * 1_000_000)), digits)
