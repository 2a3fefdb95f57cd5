"""Chart geometry: proportions, round scales, edges; no floats and no drawing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.money import Money
from askpro.web.charts import HEIGHT, bars, nice_ceiling, stack


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_bars_stand_on_the_base_in_proportion() -> None:
    """A bar is as high as its amount, measured from the base line; half the amount is half the height."""
    chart = bars([("1", "1 Nov", euros("4")), ("2", "2 Nov", euros("2"))], "EUR")
    full, half = (Decimal(bar.height) for bar in chart.items)

    assert full == half * 2
    assert all(Decimal(bar.y) + Decimal(bar.height) == chart.base for bar in chart.items)
    assert chart.height == HEIGHT


def test_ticks_are_round_and_reach_over_the_highest_bar() -> None:
    """4.46 gets a scale of 0, 2, 4, 6: from the base line to the top."""
    chart = bars([("1", "1 Nov", euros("4.46"))], "EUR")

    assert [euros(str(n)) for n in (0, 2, 4, 6)] == [tick.amount for tick in chart.ticks]
    assert chart.ticks[0].y == str(chart.base)


def test_nothing_at_all_is_a_chart_too() -> None:
    """No days, or days without cost: a scale to one and no height."""
    assert bars([], "EUR").items == ()
    assert bars([("1", "1 Nov", euros("0"))], "EUR").items[0].height == "0"


def test_a_little_is_not_nothing() -> None:
    """A cent beside a thousand can still be seen."""
    chart = bars([("1", "a", euros("1000")), ("2", "b", euros("0.01"))], "EUR")

    assert Decimal(chart.items[1].height) >= 1


def test_labels_are_thinned_and_the_newest_has_one() -> None:
    """Of ninety days at most seven are named, fewer on a narrow screen, the last always."""
    shown = [bar.shown for bar in bars([(str(n), str(n), euros("1")) for n in range(90)], "EUR").items]

    assert sum(map(bool, shown)) <= 7
    assert shown.count(1) <= 4
    assert shown[-1] == 1


@given(st.integers(1, 10**15))
def test_scales_are_round_and_tight(units: int) -> None:
    """The scale reaches the amount in at most five steps of 1, 2, 2.5 or 5 times a power of ten, none to spare."""
    step, count = nice_ceiling(units)

    assert step * (count - 1) < units <= step * count
    assert count <= 5
    assert step <= 4 or str(step).rstrip("0") in {"1", "2", "25", "5"}


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5))
def test_a_stack_fills_its_width_and_loses_nothing(units: list[int]) -> None:
    """Parts are sorted, add up to the total, and leave no visible gap at the end."""
    chart = stack([(str(n), Money(u, "EUR")) for n, u in enumerate(units)], "EUR")

    assert chart.total.units == sum(units)
    assert sorted(units, reverse=True) == [part.amount.units for part in chart.parts]
    assert all(Decimal(part.x) + Decimal(part.width) <= 102 for part in chart.parts)
    if sum(units):
        assert abs(sum((part.share for part in chart.parts), Decimal(-1))) <= Decimal("0.003")


def test_a_stack_refuses_what_it_cannot_show() -> None:
    """More than five parts have no colours left, and less than nothing has no width."""
    with pytest.raises(ValueError, match="five"):
        stack([(str(n), euros("1")) for n in range(6)], "EUR")
    with pytest.raises(ValueError, match="below zero"):
        stack([("a", euros("-1"))], "EUR")
