"""What a connected account is due of a payment that the platform took for it. Pure: numbers in, numbers out.

Everything is counted as Stripe counts, in whole coins of one currency. The share is that of what is left of the
payment: whatever was refunded or taken back by a bank, and in whichever order, the same is due in the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from askpro_stripe.currencies import coin_digits, digits

__all__ = ("Leg", "Move", "Standing", "due", "next_move")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A payment that has settled, as it stands now."""

    paid: int
    """In the payment's currency, like ``fee`` and ``back``."""
    fee: int
    """What the platform keeps of a payment that nobody takes back."""
    back: int
    """Refunded, or withdrawn by a bank."""
    settled: int
    """What was paid, in the currency of the platform's balance, before Stripe's own fee."""
    currency: str
    """Of the balance; a transfer is made in it. As the house writes it: ``EUR``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A transfer of ours, with all that was taken back of it."""

    ref: str
    amount: int
    reversed: int
    """By us, as the book has it."""
    reversed_there: int
    """By anybody, as Stripe has it."""

    @property
    def by_hand(self) -> int:
        """What somebody took back at Stripe's desk."""
        return max(self.reversed_there - self.reversed, 0)

    @property
    def left(self) -> int:
        """What can still be taken back."""
        return max(self.amount - self.reversed - self.by_hand, 0)


@dataclass(frozen=True, slots=True)
class Move:
    """The next thing to do: ``ref`` is the transfer to take ``amount`` back from; empty: transfer it."""

    amount: int
    ref: str = ""


def due(standing: Standing) -> int:
    """The share of what is left: the payment's less the fee, in proportion, rounded down to the coin once.

    So the fee is given up in proportion, too, as with charges that are passed on at once; all of it is back when the
    whole payment is.
    """
    paid = standing.paid
    left, share = max(paid - standing.back, 0), max(paid - standing.fee, 0)
    exact = standing.settled * share * left // (paid * paid)
    step: int = 10 ** (digits(standing.currency) - coin_digits(standing.currency))
    return exact - exact % step


def next_move(standing: Standing, legs: list[Leg]) -> Move | None:
    """What brings the share nearer to what is due; None when it is there. ``legs``: the oldest first.

    What was taken back by hand is not sent again: somebody had a reason.
    """
    whole = Standing(paid=standing.paid, fee=standing.fee, back=0, settled=standing.settled, currency=standing.currency)
    by_hand = sum(leg.by_hand for leg in legs)
    wanted = max(min(due(standing), due(whole) - by_hand), 0)
    passed = sum(leg.amount - leg.reversed for leg in legs) - by_hand
    if passed < wanted:
        return Move(wanted - passed)
    for leg in reversed(legs):
        if passed > wanted and leg.left:
            return Move(min(passed - wanted, leg.left), leg.ref)
    return None
