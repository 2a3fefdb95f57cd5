"""The versions a call is priced by, compiled once and used for millions of calls.

* The rate is the longest prefix within the *first level that has any match* (D3).
* Every other parameter comes from the first level that sets it, each by itself; items name by name.
* Blocked destinations add up over all levels.

What a call costs the reseller is another chain (the wholesale one), never a level of this one: a price that
is missing in retail must not be found in wholesale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from msgspec import Struct

from askpro.errors import InvalidInput
from askpro.ids import named_id
from askpro.tariffs.card import Direction, Level, MonthScope, TariffVersion, Tier
from askpro.tariffs.exact import REFERENCE, parts, parts_per_second
from askpro.tariffs.increments import Increments
from askpro.tariffs.prefixes import Prefixes

__all__ = ("FOR_EVER", "Chain", "Entry", "Plan", "Reason", "Refusal", "Zone")

T = TypeVar("T")
Reason: TypeAlias = Literal["rate_missing", "destination_blocked"]

FOR_EVER = 10**40
"""End of the last zone, and the charge that nothing reaches where there is no maximum."""

_MOST_REMEMBERED = 50_000
"""Beginnings of numbers that all chains of a process remember together: some 8 MB. A wild deck has some thousand."""


@dataclass(frozen=True, slots=True)  # no Struct: isinstance of a class with a metaclass takes three times as long
class Refusal:
    """No price, and why. ``subject`` is the blocked prefix or the item without a price, else empty."""

    reason: Reason
    subject: str = ""


class Zone(NamedTuple):
    """A stretch ``[start, end)`` of the month's billed seconds with one rate per minute."""

    start: int
    end: int
    rate: Decimal
    parts_per_second: int
    discount_percent: Decimal
    free: bool


class Plan(NamedTuple):
    """What pricing needs at one go; ``zones`` is None where the month plays no part."""

    first: int
    following: int
    free_seconds: int
    fee_parts: int
    parts_per_second: int
    zones: tuple[Zone, ...] | None
    zone_starts: tuple[int, ...]
    item_parts: dict[str, int]
    min_units: int
    max_units: int


class Entry(Struct, frozen=True):
    """Where the rate of a destination was found, and what follows from it."""

    direction: Direction
    prefix: str
    rate: Decimal
    level: Level
    version_id: UUID
    metered: bool
    plan: Plan


class Chain:
    """Compiled versions, first asked first. Immutable but for the memory of look-ups.

    ``id`` follows from the version ids alone, so a stored call names the prices it was rated by. Raises
    InvalidInput when levels are out of order, currencies differ or nobody sets the increments.
    """

    __slots__ = (
        "__weakref__", "_blocked", "_decks", "_entries", "_fee_parts", "_item_parts", "_limits", "_plans", "_scope",
        "_scope_prefixes", "_starts", "_steps", "connect_fee", "currency", "depth", "free_seconds", "id", "inbound",
        "included_seconds", "increments", "items", "max_charge", "memo", "min_charge", "per_call_fee", "tiers",
        "versions",
    )  # fmt: skip

    def __init__(self, versions: Iterable[TariffVersion]) -> None:
        self.versions = tuple(versions)
        _check(self.versions)
        self.id: UUID = named_id("tariff chain", *(version.id for version in self.versions))
        self.currency = self.versions[0].currency
        zero = Decimal(0)
        increments = self._first(lambda v: v.increments, None)
        if increments is None:
            raise InvalidInput("no level sets the increments", field="increments")
        self.increments: Increments = increments
        self.free_seconds = self._first(lambda v: v.free_seconds, 0)
        self.connect_fee = self._first(lambda v: v.connect_fee, zero)
        self.per_call_fee = self._first(lambda v: v.per_call_fee, zero)
        self.included_seconds = self._first(lambda v: v.included_seconds, 0)
        no_tiers: tuple[Tier, ...] = ()
        self.tiers = self._first(lambda v: v.tiers, no_tiers)
        self.min_charge = self._first(lambda v: v.min_charge, zero)
        self.max_charge = self._first(lambda v: v.max_charge, None)
        if self.max_charge is not None and self.max_charge < self.min_charge:
            raise InvalidInput("the maximum charge lies below the minimum", field="max_charge")
        self._scope = self._first(lambda v: v.month_scope, MonthScope())
        self.items: dict[str, Decimal] = {}
        for version in reversed(self.versions):  # an override changes a price, not the order of the items
            self.items.update(version.items)
        self._decks = tuple((version, Prefixes(version.outbound)) for version in self.versions)
        self._blocked = Prefixes(dict.fromkeys(frozenset().union(*(v.blocked for v in self.versions)), True))
        self._scope_prefixes = Prefixes(dict.fromkeys(self._scope.prefixes or (), True))
        self.depth = max(self._blocked.depth, self._scope_prefixes.depth, *(deck.depth for _, deck in self._decks))
        # What every entry says of its chain, once: building entries is what a cold list costs.
        self._fee_parts = parts(self.connect_fee) + parts(self.per_call_fee)
        self._item_parts = {name: parts(price) for name, price in self.items.items()}
        self._limits = (
            int(self.min_charge.scaleb(6)),
            FOR_EVER if self.max_charge is None else int(self.max_charge.scaleb(6)),
        )
        self._steps = self._stretches()
        self._starts = (*((0,) if self.included_seconds else ()), *(start for start, *_ in self._steps))
        self._plans: dict[tuple[Decimal, bool], Plan] = {}  # many destinations, few rates
        self.memo: dict[str, Entry] = {}
        _chains[id(self)] = self
        self._entries: dict[tuple[int, Direction, str, bool], Entry] = {}
        self.inbound = self._find_inbound()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chain) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Chain {self.id} of {len(self.versions)} versions in {self.currency}>"

    @property
    def prefixes(self) -> frozenset[str]:
        """Every prefix after which an answer may change."""
        decks = (deck for _, deck in self._decks)
        return frozenset().union(*decks, self._blocked, self._scope_prefixes)

    def find(self, number: str) -> Entry | Refusal:
        """What an outbound call to ``number`` is priced by; rates are remembered by the digits that decide them."""
        key = number[: self.depth]
        found: Entry | Refusal | None = self.memo.get(key)
        if found is None:
            found = self._find_outbound(key)
            if isinstance(found, Entry):
                _make_room()
                self.memo[key] = found
        return found

    def _find_outbound(self, number: str) -> Entry | Refusal:
        if blocked := self._blocked.match(number):
            return Refusal("destination_blocked", blocked[0])
        for version, deck in self._decks:
            if match := deck.match(number):
                in_scope = self._scope.prefixes is None or self._scope_prefixes.match(number) is not None
                return self._entry("outbound", match[0], match[1], version, self._scope.outbound and in_scope)
        return Refusal("rate_missing")

    def _find_inbound(self) -> Entry | Refusal:
        for version in self.versions:
            if version.inbound is not None:
                return self._entry("inbound", "", version.inbound, version, self._scope.inbound)
        return Refusal("rate_missing")

    def _entry(self, direction: Direction, prefix: str, rate: Decimal, version: TariffVersion, metered: bool) -> Entry:
        """One entry a prefix, however many numbers begin with it: building one takes longer than rating a call."""
        key = (id(version), direction, prefix, metered)
        found = self._entries.get(key)
        if found is None:
            found = self._entries[key] = self._new_entry(direction, prefix, rate, version, metered)
        return found

    def _new_entry(
        self, direction: Direction, prefix: str, rate: Decimal, version: TariffVersion, metered: bool
    ) -> Entry:
        by_month = metered and (self.included_seconds > 0 or bool(self.tiers))
        plan = self._plans.get((rate, by_month))
        if plan is None:
            plan = self._plans[rate, by_month] = self._new_plan(rate, by_month=by_month)
        return Entry(direction, prefix, rate, version.level, version.id, metered, plan)

    def _new_plan(self, rate: Decimal, *, by_month: bool) -> Plan:
        zones = self._zones(rate) if by_month else None
        return Plan(
            *self.increments,
            self.free_seconds,
            self._fee_parts,
            parts_per_second(rate),
            zones,
            self._starts if by_month else (),
            self._item_parts,
            *self._limits,
        )

    def _stretches(self) -> tuple[tuple[int, int, Decimal, Decimal], ...]:
        """(start, end, discount in per cent, what is left of a hundred) of the tiers after the included seconds; one
        that ends within them never shows."""
        included = self.included_seconds
        steps = (Tier(0, Decimal(0)), *self.tiers, Tier(FOR_EVER, Decimal(0)))
        return tuple(
            (start, following.from_seconds, tier.discount_percent, 100 - tier.discount_percent)
            for tier, following in pairwise(steps)
            if following.from_seconds > (start := max(tier.from_seconds, included))
        )

    def _zones(self, rate: Decimal) -> tuple[Zone, ...]:
        """Included seconds first, then the tiers."""
        zones = [Zone(0, self.included_seconds, _ZERO, 0, _ZERO, free=True)] if self.included_seconds else []
        for start, end, discount, left in self._steps:
            charged = REFERENCE.divide(REFERENCE.multiply(rate, left), _HUNDRED) if discount else rate
            zones.append(Zone(start, end, charged, parts_per_second(charged), discount, free=False))
        return tuple(zones)

    def _first(self, parameter: Callable[[TariffVersion], T | None], default: T) -> T:
        return next((value for version in self.versions if (value := parameter(version)) is not None), default)


_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_chains: WeakValueDictionary[int, Chain] = WeakValueDictionary()  # by id(): equal ones have memories of their own
_remembered = 0


def _make_room() -> None:
    """For one more number. Forgetting all at once is rare, and what is asked for often is soon known again."""
    global _remembered
    _remembered += 1
    if _remembered > _MOST_REMEMBERED:
        for chain in _chains.values():
            chain.memo.clear()
        _remembered = 1


def _check(versions: tuple[TariffVersion, ...]) -> None:
    if not versions:
        raise InvalidInput("a chain needs a version", field="versions")
    if len({version.currency for version in versions}) > 1:
        raise InvalidInput("one chain, one currency", field="currency")
    ranks = [version.level.rank for version in versions]
    if ranks != sorted(ranks):
        raise InvalidInput("levels are asked from customer to platform", field="level")
