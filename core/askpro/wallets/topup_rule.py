"""The arithmetic of auto-top-up (D7): when, how much, and for how long nothing is tried again. Pure.

Every amount is *net credit* in 10⁻⁶ of the wallet's currency: threshold, step or target, and the monthly cap alike.
Tax comes on top when the charge is made, so a cap of 100.00 at 19 % may cost 119.00.

``available`` is what the wallet holds of its own, posted − held: a credit line is lent and keeps nobody from topping
up. ``pending`` is credit that is paid for and under way; it counts as there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = (
    "COOLDOWN", "LONGEST_COOLDOWN", "PAUSE_AFTER", "TERMINAL", "Decision", "Failure", "Limits", "Mode", "Standing",
    "Terms", "conflicts", "decide", "failed", "next_cooldown", "wanted",
)  # fmt: skip

Mode: TypeAlias = Literal["fixed", "target"]

COOLDOWN = 3600
"""Seconds of rest after a failure; each further failure doubles it …"""
LONGEST_COOLDOWN = 86_400
"""… up to this."""
PAUSE_AFTER = 3
"""Refusals by the bank in a row after which nothing more is tried."""
TERMINAL = frozenset({"authentication_required", "stolen_card", "lost_card"})
"""Refusals that end it at once, whatever a provider says of them; a provider may name more."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the customer agreed to. ``amount``: *fixed*, one step of which as many as needed are charged together;
    *target*, the balance to fill up to."""

    threshold: int
    mode: Mode
    amount: int
    monthly_cap: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Least and most net credit of one charge, and the smallest coin, all in 10⁻⁶."""

    least: int
    most: int
    coin: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the wallet stands. ``charged``: what the rule has charged in this civil month of the tenant's zone."""

    available: int
    pending: int = 0
    charged: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """``units`` to charge; 0 with a ``reason``: it is due and may not be; 0 without: it is not due."""

    units: int
    reason: Literal["", "monthly_cap", "below_minimum"] = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed charge leads to. ``cooldown`` in seconds; ``pause`` empty: it goes on after that."""

    declines: int
    cooldown: int
    pause: str = ""


def wanted(terms: Terms, available: int, pending: int, coin: int) -> int:
    """What would lift the wallet above the threshold, before any limit; 0: it is not due.

    With threshold 10 and step 25: −14.99 → 25, −15 → 50, −40 → 75, −40 with 25 under way → 50.
    """
    there = available + pending
    if there > terms.threshold:
        return 0
    if terms.mode == "target":
        return -((there - terms.amount) // coin) * coin  # rounded up to a coin
    gap = terms.threshold - there
    return terms.amount if gap < terms.amount else (gap // terms.amount + 1) * terms.amount


def decide(terms: Terms, standing: Standing, limits: Limits) -> Decision:
    """How much is charged now.

    More than one charge may be is charged in the next one: whole steps, or the most there is. What the cap leaves is
    charged if it is enough for a charge of its own; else nothing is (failure 7).
    """
    units = wanted(terms, standing.available, standing.pending, limits.coin)
    if not units:
        return Decision(0)
    if units > limits.most:
        units = limits.most // terms.amount * terms.amount if terms.mode == "fixed" else limits.most
    left = max(0, terms.monthly_cap - standing.charged) // limits.coin * limits.coin
    capped = units > left
    units = min(units, left)
    if units < limits.least or units <= 0:
        return Decision(0, "monthly_cap" if capped else "below_minimum")
    return Decision(units)


def conflicts(terms: Terms, limits: Limits) -> Iterator[tuple[str, str]]:
    """(field, code) of everything in the terms that cannot work: told when they are saved, not when they fail."""
    for name, units in (("threshold", terms.threshold), ("amount", terms.amount), ("monthly_cap", terms.monthly_cap)):
        if units % limits.coin:
            yield name, "amount_too_fine"
    if terms.threshold < 0:
        yield "threshold", "threshold_negative"
    if terms.mode == "fixed":
        smallest = terms.amount
        if not limits.least <= terms.amount <= limits.most:
            yield "amount", "step_out_of_bounds"
    else:
        smallest = terms.amount - terms.threshold
        if smallest <= 0:
            yield "amount", "target_below_threshold"
        elif smallest < limits.least:
            yield "amount", "target_too_close"
        elif smallest > limits.most:
            yield "amount", "target_too_far"
    if terms.monthly_cap < smallest or terms.monthly_cap <= 0:
        yield "monthly_cap", "cap_below_amount"


def next_cooldown(previous: int) -> int:
    """Seconds of rest after one more failure; ``previous`` 0: the first."""
    return min(max(COOLDOWN, previous * 2), LONGEST_COOLDOWN)


def failed(declines: int, cooldown: int, code: str, *, terminal: bool = False, bank: bool = True) -> Failure:
    """After one more charge that brought no money. ``bank``: somebody refused it; else it never got that far, which
    is a reason to wait but not to give up."""
    rest = next_cooldown(cooldown)
    if terminal or code in TERMINAL:
        return Failure(declines + bank, rest, code)
    declines += bank
    return Failure(declines, rest, "declined" if bank and declines >= PAUSE_AFTER else "")
