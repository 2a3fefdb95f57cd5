"""Currencies and exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, runtime_checkable

from askpro.errors import NotFound
from askpro.sdk.context import Context

__all__ = ("Currency", "Rate", "RateMissing", "RateSource")


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of ISO 4217. ``minor_digits`` is None where it has no coins (gold, the test code)."""

    code: str
    name: str
    minor_digits: int | None


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``base`` is worth ``value`` units of ``quote``, as published on ``day_used``."""

    base: str
    quote: str
    day: date
    """The day that was asked for."""
    day_used: date
    """The day of the rate: that day, or the last one before it with a rate."""
    value: Decimal
    source: str


class RateMissing(NotFound):
    """No rate is known on or shortly before that day."""

    code = "rate_missing"


@runtime_checkable
class RateSource(Protocol):
    """Somebody who publishes exchange rates."""

    key: str
    title: str

    async def rate(self, ctx: Context, base: str, quote: str, day: date) -> Rate:
        """The last rate on or before ``day``. Raises RateMissing."""
        ...
