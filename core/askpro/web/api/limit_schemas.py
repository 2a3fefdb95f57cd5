"""Limits on calls and spending, as they leave the house and come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from askpro.calls.control.limits import Caps
from askpro.calls.control.standing import Standing
from askpro.errors import InvalidInput
from askpro.web.api.adjustment_schemas import MoneyGiven
from askpro.web.api.schemas import Money, money
from askpro.web.problems import FieldProblem

__all__ = (
    "Limits", "LimitsPut", "LimitsUse", "NumberLimits", "NumberLimitsPut", "NumberUse", "SpendingLimit",
    "SpendingLimitPut", "SpendingLimits", "SpendingLimitsPut", "call_caps", "caps_given", "limits_of",
    "number_limits_of",
)  # fmt: skip

_MOST = 1_000_000
_PERIODS = ("day", "week", "month")

Calls = Annotated[int, Meta(ge=0, le=_MOST, description="Calls at the same time.")] | None
PerSecond = Annotated[int, Meta(ge=0, le=_MOST, description="Calls that may begin in one second.")] | None
Longest = Annotated[int, Meta(ge=1, le=_MOST, description="A call ends after so many seconds of talk.")] | None


class SpendingLimit(Struct, frozen=True):
    """A limit of one civil period. Null: none."""

    soft: Annotated[Money | None, Meta(description="Passing it is told by event and mail, once a period.")]
    hard: Annotated[Money | None, Meta(description="No call goes beyond it.")]


class SpendingLimits(Struct, frozen=True):
    """By civil day, week (from Monday) and month in the reseller's time zone, of the day a call began."""

    day: SpendingLimit
    week: SpendingLimit
    month: SpendingLimit


class LimitsUse(Struct, frozen=True):
    """What is used at this moment. `held` counts as spent; what is null is not counted."""

    concurrent_calls: int
    held: Annotated[Money, Meta(description="Set aside for calls in progress.")]
    day: Annotated[
        Money | None, Meta(description="A reseller's day and week are counted from its first spending limit on.")
    ]
    week: Money | None
    month: Money | None


class Limits(Struct, frozen=True):
    """What holds, and what is used of it. Null: no limit of this level; the strictest of all levels wins."""

    concurrent_calls: int | None
    calls_per_second: int | None
    longest_call_seconds: int | None
    spending: SpendingLimits
    used: LimitsUse


class NumberUse(Struct, frozen=True):
    """What is used at this moment."""

    concurrent_calls: int


class NumberLimits(Struct, frozen=True):
    """What holds for the calls of one number. Null: no limit of this level."""

    number: Annotated[str, Meta(description="E.164.", examples=["+4930123456"])]
    concurrent_calls: int | None
    calls_per_second: int | None
    longest_call_seconds: int | None
    used: NumberUse


class SpendingLimitPut(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit of one period. Zero lets nothing be spent."""

    soft: MoneyGiven | None = None
    hard: MoneyGiven | None = None


class SpendingLimitsPut(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out is lifted."""

    day: SpendingLimitPut = SpendingLimitPut()
    week: SpendingLimitPut = SpendingLimitPut()
    month: SpendingLimitPut = SpendingLimitPut()


class NumberLimitsPut(Struct, frozen=True, forbid_unknown_fields=True):
    """All limits of a number; what is left out or null is lifted."""

    concurrent_calls: Calls = None
    calls_per_second: PerSecond = None
    longest_call_seconds: Longest = None


class LimitsPut(Struct, frozen=True, forbid_unknown_fields=True):
    """All limits of this level; what is left out or null is lifted."""

    concurrent_calls: Calls = None
    calls_per_second: PerSecond = None
    longest_call_seconds: Longest = None
    spending: SpendingLimitsPut = SpendingLimitsPut()


def call_caps(asked: LimitsPut | NumberLimitsPut) -> dict[str, int | None]:
    """What counts calls."""
    return {
        "concurrent": asked.concurrent_calls,
        "per_second": asked.calls_per_second,
        "longest": asked.longest_call_seconds,
    }


def caps_given(asked: LimitsPut, currency: str) -> Caps:
    """As caps. Raises InvalidInput naming every field that is wrong."""
    spending: dict[str, int | None] = {}
    wrong: list[FieldProblem] = []
    for period in _PERIODS:
        given: SpendingLimitPut = getattr(asked.spending, period)
        wrong += _problems(given, period, currency)
        spending[f"{period}_soft"] = given.soft.value.units if given.soft else None
        spending[f"{period}_hard"] = given.hard.value.units if given.hard else None
    if wrong:
        raise InvalidInput("limits that cannot hold", errors=tuple(wrong))
    return Caps(**call_caps(asked), **spending)


def _problems(given: SpendingLimitPut, period: str, currency: str) -> Iterator[FieldProblem]:
    amounts = {"soft": given.soft, "hard": given.hard}
    for name, amount in amounts.items():
        if amount is not None and amount.currency != currency:
            yield FieldProblem(f"#/spending/{period}/{name}/currency", f"the wallet is kept in {currency}")
        elif amount is not None and amount.value.units < 0:
            yield FieldProblem(f"#/spending/{period}/{name}/amount", "a limit is not below zero")
    if given.soft and given.hard and given.soft.value.units > given.hard.value.units:
        yield FieldProblem(f"#/spending/{period}/soft", "a soft limit lies below the hard one")


def limits_of(standing: Standing) -> Limits:
    """Where a customer or reseller stands."""
    caps, currency = standing.caps, standing.currency

    def shown(units: int | None) -> Money | None:
        return None if units is None else money(units, currency)

    def limit(period: str) -> SpendingLimit:
        parts: list[Any] = [getattr(caps, f"{period}_{name}") for name in ("soft", "hard")]
        return SpendingLimit(*(shown(part) for part in parts))

    spent = standing.spent
    return Limits(
        caps.concurrent, caps.per_second, caps.longest, SpendingLimits(*(limit(period) for period in _PERIODS)),
        LimitsUse(
            standing.calls, money(standing.held, currency), shown(spent.day), shown(spent.week), shown(spent.month)
        ),
    )  # fmt: skip


def number_limits_of(number: str, standing: Standing) -> NumberLimits:
    """Where a number stands."""
    caps = standing.caps
    return NumberLimits(number, caps.concurrent, caps.per_second, caps.longest, NumberUse(standing.calls))
