"""Where a price list sells below what the call costs the reseller (D4), found before it is published.

For every destination and every duration of 1 to 600 seconds the retail price is set against the wholesale
price, without items. Destinations with the same two prices are computed once and reported together. The month
is looked at where the reseller earns: included seconds are a present he decided to make, so they are skipped,
and each tier is tried from its start; wholesale is taken before its own discounts. Item prices are compared
piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from askpro.errors import InvalidInput
from askpro.tariffs.card import Direction
from askpro.tariffs.chain import Chain, Entry, Refusal
from askpro.tariffs.increments import billed_seconds
from askpro.tariffs.rating import Call, rate

__all__ = ("LONGEST", "Finding", "ItemFinding", "NegativeRange", "Report", "below_wholesale", "require_floor")

LONGEST = 600
"""Seconds up to which durations are tried."""


@dataclass(frozen=True, slots=True)
class NegativeRange:
    """Durations ``first`` to ``last`` (seconds, both included) that lose money, and the worst of them."""

    first: int
    last: int
    worst_seconds: int
    worst_units: int
    """Retail minus wholesale at ``worst_seconds``, in ledger units: negative."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Destinations sold below cost. ``prefixes`` is empty for inbound calls.

    ``from_seconds`` is the month's counter at which it was found; ``floor_margin`` is retail minus wholesale of
    a call of exactly the first increment, in ledger units.
    """

    direction: Direction
    prefixes: tuple[str, ...]
    from_seconds: int
    ranges: tuple[NegativeRange, ...]
    floor_margin: int


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """An item sold below cost: prices per piece in currency units."""

    item: str
    retail: Decimal
    wholesale: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """What publishing would mean. ``unsellable`` names destinations with a retail price that cost has none for."""

    findings: tuple[Finding, ...]
    items: tuple[ItemFinding, ...]
    unsellable: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Nothing is sold below cost."""
        return not self.findings and not self.items

    @property
    def below_floor(self) -> tuple[Finding, ...]:
        """Findings that lose money already at the first increment."""
        return tuple(finding for finding in self.findings if finding.floor_margin < 0)


def below_wholesale(retail: Chain, wholesale: Chain, *, longest: int = LONGEST) -> Report:
    """Compare what a customer pays with what the call costs. Raises InvalidInput when the currencies differ."""
    if retail.currency != wholesale.currency:
        raise InvalidInput("price and cost are in different currencies", field="currency")
    groups: dict[object, tuple[Entry, Entry, list[Call]]] = {}
    unsellable: list[str] = []
    for call in _destinations(retail, wholesale):
        sold, cost = _entry(retail, call), _entry(wholesale, call)
        if isinstance(sold, Refusal):
            continue
        if isinstance(cost, Refusal):
            unsellable.append(call.number or call.direction)
            continue
        # All else is the same for the whole chain: rate and month decide the price.
        key = (call.direction, sold.rate, sold.plan.zones, cost.rate, cost.plan.zones)
        groups.setdefault(key, (sold, cost, []))[2].append(call)
    findings = []
    seconds = range(1, longest + 1)
    for sold, cost, calls in groups.values():
        prefixes = tuple(call.number for call in calls if call.number)
        costs = _Leg(wholesale, calls[0], _starts(cost)[0])
        bought = costs.prices(seconds)
        for used in _starts(sold):
            leg = _Leg(retail, calls[0], used)
            margins = (price - paid for price, paid in zip(leg.prices(seconds), bought, strict=True))
            if ranges := tuple(_ranges(zip(seconds, margins, strict=True))):
                floor = leg.price(retail.increments.first) - costs.price(retail.increments.first)
                findings.append(Finding(calls[0].direction, prefixes, used, ranges, floor))
    return Report(tuple(findings), tuple(_items(retail, wholesale)), tuple(unsellable))


def require_floor(report: Report) -> None:
    """The hard floor: raises InvalidInput when a call of the first increment is sold below cost."""
    if broken := report.below_floor:
        names = ", ".join(prefix for finding in broken for prefix in finding.prefixes or (finding.direction,))
        raise InvalidInput(f"sold below cost at the first increment: {names}", code="below_wholesale", field="prices")


def _destinations(retail: Chain, wholesale: Chain) -> Iterator[Call]:
    yield Call("inbound", "", 0)
    for prefix in sorted(retail.prefixes | wholesale.prefixes):
        yield Call("outbound", prefix, 0)


def _entry(chain: Chain, call: Call) -> Entry | Refusal:
    return chain.inbound if call.direction == "inbound" else chain.find(call.number)


def _starts(entry: Entry) -> tuple[int, ...]:
    """Month counters at which a price applies in full: the start of each zone that is paid for."""
    if entry.plan.zones is None:
        return (0,)
    return tuple(zone.start for zone in entry.plan.zones if not zone.free)


@dataclass(frozen=True, slots=True)
class _Leg:
    """One chain's prices to a destination, at a place in the month."""

    chain: Chain
    call: Call
    used: int

    def price(self, seconds: int) -> int:
        result = rate(self.chain, Call(self.call.direction, self.call.number, seconds * 1000), self.used)
        if isinstance(result, Refusal):
            raise AssertionError("a destination with a rate was refused")
        return result.units

    def prices(self, durations: Iterable[int]) -> list[int]:
        """Ledger units of each duration; those that bill the same seconds are computed once."""
        known: dict[int, int] = {}
        prices: list[int] = []
        for seconds in durations:
            billed = billed_seconds(seconds, *self.chain.increments, self.chain.free_seconds)
            if billed not in known:
                known[billed] = self.price(seconds)
            prices.append(known[billed])
        return prices


def _ranges(margins: Iterable[tuple[int, int]]) -> Iterator[NegativeRange]:
    """Neighbouring negative margins as ranges."""
    run: list[tuple[int, int]] = []
    for seconds, margin in (*margins, (0, 0)):
        if margin < 0:
            run.append((seconds, margin))
        elif run:
            worst = min(run, key=lambda point: (point[1], point[0]))
            yield NegativeRange(run[0][0], run[-1][0], *worst)
            run = []


def _items(retail: Chain, wholesale: Chain) -> Iterator[ItemFinding]:
    for name, cost in wholesale.items.items():
        price = retail.items.get(name)
        if price is not None and price < cost:
            yield ItemFinding(name, price, cost)
