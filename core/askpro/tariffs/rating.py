"""The exact price of one call by one chain: pure, and the same for ever (D1, D2, D3).

``b = billed seconds``; for ``b > 0`` the price is ``connect + per_call + paid seconds/60 · rate + Σ items``,
rounded once to ledger units and clamped to the minimum and maximum charge. A call not longer than the free
seconds costs nothing at all, items included. What has no price is refused and never sold at zero (failure 11).

**The month.** Calls in the chain's month scope lie one after the other on the line of the civil month's billed
seconds: the next call takes ``[used, used + b)``. On that line the included seconds come first and cost no
minutes (connect fee and items stay), then each tier lowers the rate from its start on. A call across a border
is split there to the second. ``Rating.metered_seconds`` is what the caller adds to the month's counter.

**D2, note.** The price is defined as decimal arithmetic with 28 digits; see ``exact`` for why a mathematical
tie may come out one unit lower, and why whole numbers are used nevertheless.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from msgspec import Struct

from askpro.tariffs.card import Direction, Level
from askpro.tariffs.chain import Chain, Entry, Refusal, Zone
from askpro.tariffs.exact import HALF_UNIT, SAFE, UNIT, defined_units
from askpro.tariffs.increments import billed_seconds

__all__ = ("Call", "Component", "Priced", "Rating", "price", "rate")

Items: TypeAlias = tuple[tuple[str, int], ...]
"""Counted pieces by name."""

Priced: TypeAlias = tuple[int, int, Entry, int]
"""Units (10⁻⁶), billed seconds, where the rate was found, free seconds used."""


# Structs of C build several times faster than frozen dataclasses; these two are made for every call.
class Call(Struct, frozen=True, gc=False):
    """What decides a price: ``number`` is the destination in E.164, ``duration_ms`` from answer to end.

    ``items`` counts pieces by name. An inbound call's number plays no part.
    """

    direction: Direction
    number: str
    duration_ms: int
    items: Items = ()


class Component(NamedTuple):
    """One addend of a price. ``quantity`` counts seconds for minutes, pieces for items and 1 for fees.

    ``price`` is per minute or per piece, ``amount`` is the exact product in currency units. ``zone`` is the
    stretch of the month that gave the rate, where the month plays a part.
    """

    kind: Literal["connect", "per_call", "minutes", "item"]
    quantity: int
    price: Decimal
    amount: Fraction
    name: str = ""
    zone: Zone | None = None


class Rating(Struct, frozen=True, gc=False):
    """A price and all that is needed to explain it or to compute it again.

    ``units`` are 10⁻⁶ of the chain's currency. To recompute: the chain (by id), the call, ``used_seconds``.
    """

    chain: Chain
    call: Call
    entry: Entry
    used_seconds: int
    raw_seconds: int
    billed_seconds: int
    free_seconds_used: int
    units: int

    @property
    def chain_id(self) -> UUID:
        return self.chain.id

    @property
    def currency(self) -> str:
        return self.chain.currency

    @property
    def prefix(self) -> str:
        """The matched prefix; empty for inbound calls."""
        return self.entry.prefix

    @property
    def level(self) -> Level:
        """Who set the rate."""
        return self.entry.level

    @property
    def version_id(self) -> UUID:
        """The version that set the rate."""
        return self.entry.version_id

    @property
    def metered_seconds(self) -> int:
        """Billed seconds that count in the month."""
        return self.billed_seconds if self.entry.metered else 0

    @property
    def components(self) -> tuple[Component, ...]:
        """The addends in the order of the definition; empty for a call that costs nothing."""
        if not self.billed_seconds:
            return ()
        chain = self.chain
        fees = [
            Component("connect", 1, chain.connect_fee, Fraction(chain.connect_fee)),
            Component("per_call", 1, chain.per_call_fee, Fraction(chain.per_call_fee)),
        ]
        minutes = [
            Component("minutes", seconds, price, Fraction(price) * seconds / 60, zone=zone)
            for seconds, price, zone in _timed(self.entry, self.used_seconds, self.billed_seconds)
        ]
        items = [
            Component("item", count, price, Fraction(price) * count, name=name)
            for name, count, price in _pieces(chain, self.call.items)
        ]
        return (*fees, *minutes, *items)

    @property
    def exact(self) -> Fraction:
        """The sum of the components in currency units: before rounding and clamping."""
        return sum((component.amount for component in self.components), Fraction(0))

    @property
    def rounded_units(self) -> int:
        """Ledger units before clamping."""
        if not self.billed_seconds:
            return 0
        return _defined(self.chain, self.call.items, self.entry, self.used_seconds, self.billed_seconds)


def rate(chain: Chain, call: Call, used_seconds: int = 0) -> Rating | Refusal:
    """Price ``call`` when ``used_seconds`` have been billed in its civil month before.

    Returns a Refusal for a blocked destination, a destination without a rate, or a counted item without a price.
    Raises ValueError on a negative duration, count or counter, or an unknown direction.
    """
    found = price(chain, call.direction, call.number, call.duration_ms, call.items, used_seconds)
    if isinstance(found, Refusal):
        return found
    units, billed, entry, covered = found
    return Rating(chain, call, entry, used_seconds, -(-call.duration_ms // 1000), billed, covered, units)


def price(
    chain: Chain, direction: str, number: str, duration_ms: int, items: Items = (), used_seconds: int = 0
) -> Priced | Refusal:
    """``rate`` without anything to explain it by, for calls by the thousand: (units, billed seconds, where the rate was
    found, free seconds used). The same errors."""
    entry: Entry | Refusal
    if direction == "outbound":
        entry = chain.memo.get(number[: chain.depth]) or chain.find(number)
    elif direction == "inbound":
        entry = chain.inbound
    else:
        raise ValueError(f"no direction: {direction!r}")
    if isinstance(entry, Refusal):
        return entry
    first, following, free, amount, per_second, zones, starts, item_parts, low, high = entry.plan
    raw = -(-duration_ms // 1000)
    billed = billed_seconds(raw, first, following, free)
    if not billed:
        if raw < 0:
            raise ValueError("a call cannot end before it is answered")
        return 0, 0, entry, 0
    covered = 0
    if zones is None:
        amount += billed * per_second
    else:
        _, end, _, per_second, _, included = zones[bisect_right(starts, used_seconds) - 1]
        if 0 <= used_seconds <= end - billed:
            amount += billed * per_second
            if included:
                covered = billed
        else:  # across a border
            for seconds, zone in _along_the_month(zones, used_seconds, billed):
                amount += seconds * zone.parts_per_second
                if zone.free:
                    covered = seconds
    for name, count in items:
        if count > 0:
            each = item_parts.get(name)
            if each is None:
                return Refusal("rate_missing", name)
            amount += count * each
        elif count:
            raise ValueError(f"negative count of {name}")
    units, rest = divmod(amount + HALF_UNIT, UNIT)
    # A tie whose minutes may not end, or an amount beyond what whole numbers are proven for.
    if (not rest and (zones is not None or billed % 3)) or amount > SAFE:
        units = _defined(chain, items, entry, used_seconds, billed)
    if units < low:
        units = low
    elif units > high:
        units = high
    return units, billed, entry, covered


def _along_the_month(zones: tuple[Zone, ...], used: int, billed: int) -> list[tuple[int, Zone]]:
    """Cut ``[used, used + billed)`` at the borders of the zones: (seconds, zone)."""
    if used < 0:
        raise ValueError("the month's counter cannot be negative")
    end = used + billed
    return [
        (min(end, zone.end) - max(used, zone.start), zone) for zone in zones if zone.start < end and zone.end > used
    ]


def _timed(entry: Entry, used: int, billed: int) -> list[tuple[int, Decimal, Zone | None]]:
    """Seconds with their rate per minute, in the order of the month."""
    if entry.plan.zones is None:
        return [(billed, entry.rate, None)]
    return [(seconds, zone.rate, zone) for seconds, zone in _along_the_month(entry.plan.zones, used, billed)]


def _pieces(chain: Chain, items: Items) -> list[tuple[str, int, Decimal]]:
    """Counted items with their prices, in the order in which the chain declares them."""
    if not items:
        return []
    counts: dict[str, int] = {}
    for name, count in items:
        counts[name] = counts.get(name, 0) + count
    return [(name, counts[name], price) for name, price in chain.items.items() if counts.get(name)]


def _defined(chain: Chain, items: Items, entry: Entry, used: int, billed: int) -> int:
    """Ledger units by the definition, before clamping."""
    timed = [(seconds, price) for seconds, price, _ in _timed(entry, used, billed)]
    pieces = [(count, price) for _, count, price in _pieces(chain, items)]
    return defined_units((chain.connect_fee, chain.per_call_fee), timed, pieces)
