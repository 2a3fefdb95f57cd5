"""A tariff version: what one level of the house has published, from an instant on, never changed again.

Levels override in the order customer → plan → reseller → platform (D3). A version may leave out whatever it
does not want to decide: ``None`` means *ask the next level*, a value (``0`` and ``()`` too) means *decided*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.tariffs.increments import Increments

__all__ = ("Direction", "Level", "MonthScope", "TariffVersion", "Tier", "valid_at")

Direction: TypeAlias = Literal["inbound", "outbound"]


class Level(StrEnum):
    """Who decided a price, in the order in which they are asked."""

    CUSTOMER = "customer"
    PLAN = "plan"
    RESELLER = "reseller"
    PLATFORM = "platform"

    @property
    def rank(self) -> int:
        """0 is asked first."""
        return tuple(Level).index(self)


@dataclass(frozen=True, slots=True)
class Tier:
    """From this many billed seconds of the civil month on, the rate per minute is lowered by a percentage."""

    from_seconds: int
    discount_percent: Decimal

    def __post_init__(self) -> None:
        if self.from_seconds < 0:
            raise InvalidInput("a tier starts at zero seconds or later", field="tiers")
        _checked("tiers", self.discount_percent, decimals=2)
        if self.discount_percent > 100:
            raise InvalidInput("a discount is at most 100 percent", field="tiers")


@dataclass(frozen=True, slots=True)
class MonthScope:
    """The calls that count in the month: they use up included seconds, reach tiers and get both.

    ``prefixes`` narrows outbound calls to some destinations; None means all of them.
    """

    inbound: bool = True
    outbound: bool = True
    prefixes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for prefix in self.prefixes or ():
            _checked_prefix("month_scope", prefix)


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class TariffVersion:
    """Prices of one level in one currency. Two versions are equal when their ids are.

    Rates are per minute with up to 8 decimals; fees up to 8, item prices up to 12, charges up to 6. ``items``
    keeps the order in which it was declared. Raises InvalidInput naming the field that makes no sense.
    """

    id: UUID
    level: Level = field(compare=False)
    currency: str = field(compare=False)
    effective_from: datetime = field(compare=False)
    increments: Increments | None = field(default=None, compare=False)
    free_seconds: int | None = field(default=None, compare=False)
    connect_fee: Decimal | None = field(default=None, compare=False)
    per_call_fee: Decimal | None = field(default=None, compare=False)
    inbound: Decimal | None = field(default=None, compare=False)
    outbound: Mapping[str, Decimal] = field(default_factory=dict, compare=False)
    items: Mapping[str, Decimal] = field(default_factory=dict, compare=False)
    included_seconds: int | None = field(default=None, compare=False)
    month_scope: MonthScope | None = field(default=None, compare=False)
    tiers: tuple[Tier, ...] | None = field(default=None, compare=False)
    min_charge: Decimal | None = field(default=None, compare=False)
    max_charge: Decimal | None = field(default=None, compare=False)
    blocked: frozenset[str] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z]{3}", self.currency, re.ASCII):
            raise InvalidInput(f"not an ISO 4217 code: {self.currency!r}", field="currency")
        if self.effective_from.tzinfo is None:
            raise InvalidInput("an instant needs a zone", field="effective_from")
        object.__setattr__(self, "effective_from", self.effective_from.astimezone(UTC))
        for name in ("outbound", "items"):  # a copy nobody else holds, or the version would not be immutable
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        self._check_amounts()
        if self.increments is not None and min(self.increments) < 1:
            raise InvalidInput("increments are at least one second", field="increments")
        for name in ("free_seconds", "included_seconds"):
            if (getattr(self, name) or 0) < 0:
                raise InvalidInput("seconds cannot be negative", field=name)
        starts = [tier.from_seconds for tier in self.tiers or ()]
        if starts != sorted(set(starts)):
            raise InvalidInput("tiers start one after the other", field="tiers")
        for prefix in self.blocked:
            _checked_prefix("blocked", prefix)

    def _check_amounts(self) -> None:
        for name, decimals in (("connect_fee", 8), ("per_call_fee", 8), ("inbound", 8)):
            _checked(name, getattr(self, name), decimals=decimals)
        for prefix, rate in self.outbound.items():
            _checked_prefix("outbound", prefix)
            _checked(f"outbound.{prefix}", rate, decimals=8)
        for name, price in self.items.items():
            _checked(f"items.{name}", price, decimals=12)
        for name in ("min_charge", "max_charge"):
            _checked(name, getattr(self, name), decimals=6)


def valid_at(versions: Iterable[TariffVersion], at: datetime) -> TariffVersion | None:
    """The version of one tariff in force at ``at``: the latest that began by then (D3).

    Of two that begin at the same instant the one made later (greater id) holds. None when none has begun.
    """
    begun = [version for version in versions if version.effective_from <= at]
    return max(begun, key=lambda version: (version.effective_from, version.id), default=None)


def _checked(name: str, amount: Decimal | None, *, decimals: int) -> None:
    if amount is None:
        return
    if not isinstance(amount, Decimal):
        raise TypeError(f"{name} is a Decimal, not {type(amount).__name__}")
    if not amount.is_finite() or amount < 0 or amount >= 10**10:
        raise InvalidInput(f"{amount} is no price", field=name)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise InvalidInput(f"{amount} has more than {decimals} decimals", field=name)


def _checked_prefix(name: str, prefix: str) -> None:
    if not re.fullmatch(r"\+\d{0,15}", prefix, re.ASCII):
        raise InvalidInput(f"a prefix is + and digits, not {prefix!r}", field=name)
