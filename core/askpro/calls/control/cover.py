"""For how long money lasts, and how much to set aside for how long (D6). Pure.

The prices are those the finished call will be rated by; nothing here has a formula of its own. What a call costs never
falls while it goes on, so the longest call an amount pays for is found by halving. Items (tokens, bookings) are unknown
when a call begins: they are counted as far as they have been reported.
"""

from __future__ import annotations

from dataclasses import dataclass

from askpro.tariffs.card import Direction
from askpro.tariffs.chain import Chain, Entry, Refusal
from askpro.tariffs.increments import billed_seconds
from askpro.tariffs.rating import Call, Rating, rate

__all__ = ("LEAD", "LONGEST", "QUANTUM", "Cover", "Quote", "quote")

QUANTUM = 60
"""Seconds that are held for at a time, and between two signs of life."""

LEAD = 10
"""Seconds of cover that are left when the next quantum is due."""

LONGEST = 14_400
"""Seconds a call may last under control, whatever the wallet holds."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Money that pays for ``seconds`` of talk: of the customer's and, at wholesale, of the reseller's (10⁻⁶)."""

    seconds: int
    price: int
    wholesale: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What one call costs, by its length. ``used``: the month's metered seconds before it."""

    retail: Chain
    wholesale: Chain
    direction: Direction
    number: str
    used: int
    items: tuple[tuple[str, int], ...]
    entry: Entry

    @property
    def metered(self) -> bool:
        """Whether its seconds count in the month."""
        return self.entry.metered

    @property
    def staged(self) -> bool:
        """Whether the month decides its price."""
        return self.entry.plan.zones is not None

    def price(self, seconds: int) -> int:
        """The customer's price of a call that long (10⁻⁶)."""
        return _units(self.retail, self._call(seconds), self.used)

    def cost(self, seconds: int) -> int:
        """The reseller's cost of it."""
        return _units(self.wholesale, self._call(seconds), 0)

    def for_seconds(self, seconds: int) -> Cover:
        """The money for at least ``seconds`` of talk: it pays for the whole block that they begin."""
        first, following, free = self.entry.plan[:3]
        covered = billed_seconds(seconds, first, following, free) or free
        return Cover(covered, self.price(covered), self.cost(covered))

    def first(self) -> Cover:
        """What is held before the telephone rings: the first block, and no less than a quantum."""
        return self.for_seconds(max(self.entry.plan.first, QUANTUM))

    def further(self, seconds: int) -> Cover:
        """What is held in all once ``seconds`` are about to be over: a quantum more."""
        return self.for_seconds(seconds + QUANTUM)

    def quantum(self, seconds: int) -> int:
        """What a quantum costs after ``seconds``: so much a call may cost beyond its money, and no more (D6)."""
        return self.further(seconds).price - self.price(seconds)

    def most(self, available: int, reseller: int | None = None, *, longest: int = LONGEST) -> int:
        """The longest talk (seconds) that ``available`` pays for; 0: not even the first block.

        ``reseller``: what its own wallet can pay, None where it does not pay in advance.
        """
        first, _, free = self.entry.plan[:3]
        least = max(first, free + 1)

        def paid(seconds: int) -> bool:
            return self.price(seconds) <= available and (reseller is None or self.cost(seconds) <= reseller)

        if longest < 1 or not paid(least):
            return 0
        if paid(longest):
            return longest
        low, high = min(least, longest), longest  # paid(low), not paid(high)
        while high - low > 1:
            middle = (low + high) // 2
            if paid(middle):
                low = middle
            else:
                high = middle
        return low

    def _call(self, seconds: int) -> Call:
        return Call(self.direction, self.number, seconds * 1000, self.items)


def quote(
    retail: Chain,
    wholesale: Chain,
    direction: Direction,
    number: str,
    *,
    used: int = 0,
    tokens: int = 0,
    bookings: int = 0,
) -> Quote | Refusal:
    """The quote for a call to (or from) ``number``; a Refusal where it, or what it counts, has no price."""
    items = tuple((name, count) for name, count in (("token", tokens), ("booking", bookings)) if count)
    sold, bought = (_entry(chain, direction, number, items) for chain in (retail, wholesale))
    if isinstance(sold, Refusal):
        return sold
    return bought if isinstance(bought, Refusal) else Quote(retail, wholesale, direction, number, used, items, sold)


def _entry(chain: Chain, direction: Direction, number: str, items: tuple[tuple[str, int], ...]) -> Entry | Refusal:
    missing = next((name for name, _ in items if name not in chain.items), None)
    if missing is not None:
        return Refusal("rate_missing", missing)
    return chain.find(number) if direction == "outbound" else chain.inbound


def _units(chain: Chain, call: Call, used: int) -> int:
    found = rate(chain, call, used)
    if not isinstance(found, Rating):  # quote() has seen that it has a price, and length does not change that
        raise TypeError(found)
    return found.units
