"""What a reseller earns on a call (D8)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from askpro.commissions.scheme import Scheme, commission
from askpro.errors import InvalidInput
from askpro.money import to_units

units = st.integers(0, 10**13)
percentages = st.decimals(0, 100, places=8)
amounts = st.decimals(0, 1000, places=8)


def test_percent_takes_its_share_of_the_retail_price() -> None:
    """20 % of 0.122500 are 0.024500, whatever the call cost."""
    assert commission(Scheme("percent", Decimal(20)), 122_500, 999_999, 30) == 24_500


def test_margin_is_what_the_reseller_keeps_and_may_be_a_loss() -> None:
    """The whole margin of a call below cost is negative; half of an odd loss rounds away from zero."""
    whole, half = Scheme("margin", Decimal(100)), Scheme("margin", Decimal(50))

    assert commission(whole, 100, 101, 1) == -1
    assert commission(half, 100, 101, 1) == -1
    assert commission(half, 101, 100, 1) == 1
    assert commission(half, 100, 100, 1) == 0


def test_per_minute_counts_billed_seconds() -> None:
    """0.015 a minute on 90 billed seconds are 0.022500."""
    assert commission(Scheme("per_minute", Decimal("0.015")), 0, 0, 90) == 22_500


def test_a_tie_whose_minutes_do_not_end_follows_the_decimals() -> None:
    """20 s at 0.0000165 are exactly 5.5 units: 28 digits see 5.4999… and give 5; 30 s at 0.000001 are a true tie."""
    rate = Scheme("per_minute", Decimal("0.0000165"))

    assert Fraction(rate.value) * 20 / 60 * 10**6 == Fraction(11, 2)
    assert commission(rate, 0, 0, 20) == 5
    assert commission(Scheme("per_minute", Decimal("0.000001")), 0, 0, 30) == 1


@given(value=percentages, retail=units, wholesale=units)
def test_shares_are_exact_and_half_up(value: Decimal, retail: int, wholesale: int) -> None:
    """Percent and margin equal the fraction, rounded half away from zero once."""
    share = Fraction(value) / 100

    assert commission(Scheme("percent", value), retail, wholesale, 1) == to_units(share * Fraction(retail, 10**6))
    margin = share * Fraction(retail - wholesale, 10**6)
    assert commission(Scheme("margin", value), retail, wholesale, 1) == to_units(margin)


@given(value=amounts, seconds=st.integers(0, 10**6))
@example(value=Decimal("0.0000165"), seconds=20)
@example(value=Decimal("0.00000375"), seconds=8)
@example(value=Decimal("0.00003"), seconds=11)
@example(value=Decimal(9_999_999_999), seconds=10**6)
def test_per_minute_equals_the_definition(value: Decimal, seconds: int) -> None:
    """Whole numbers arrive at what 28 digits arrive at, within half a unit of the truth."""
    with localcontext(Context(prec=28)):
        defined = int((value * (Decimal(seconds) / 60) * 10**6).quantize(Decimal(1), ROUND_HALF_UP))
    earned = commission(Scheme("per_minute", value), 0, 0, seconds)

    assert earned == defined
    assert abs(earned - Fraction(value) * seconds / 60 * 10**6) <= Fraction(1, 2)


@given(third=st.integers(0, 10**6), k=st.integers(0, 10**4))
def test_per_minute_equals_the_definition_at_forced_ties(third: int, k: int) -> None:
    """value · seconds / 60 is made to end in exactly half a unit, with minutes that do not end."""
    seconds, value = 20 * (3 * k + 1 + third % 2), Decimal(6 * third + 3).scaleb(-6) / 2
    with localcontext(Context(prec=28)):
        defined = int((value * (Decimal(seconds) / 60) * 10**6).quantize(Decimal(1), ROUND_HALF_UP))

    assert commission(Scheme("per_minute", value), 0, 0, seconds) == defined


@pytest.mark.parametrize(
    ("kind", "value"),
    [("percent", "100.01"), ("percent", "-1"), ("margin", "NaN"), ("per_minute", "0.000000001"), ("flat", "1")],
)
def test_nonsense_is_refused(kind: str, value: str) -> None:
    """Shares over 100 %, negative or too fine values and unknown kinds make no scheme."""
    with pytest.raises(InvalidInput):
        Scheme(kind, Decimal(value))  # type: ignore[arg-type]


def test_no_float_becomes_a_commission() -> None:
    """0.2 as a float is refused by type."""
    with pytest.raises(TypeError):
        Scheme("percent", 0.2)  # type: ignore[arg-type]
