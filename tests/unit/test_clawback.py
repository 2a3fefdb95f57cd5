"""Commission that goes back with the money it was earned on (D8): the formula alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.payments.clawback import Funding, short, target

EURO = 1_000_000


@pytest.mark.parametrize(
    ("granted", "consumed", "commission", "reversed_to_date", "missing", "clawed"),
    [
        (100, 60, 9, 50, 10, "1.5"),  # the example of D8
        (100, 60, 9, 40, 0, "0"),  # what was unspent costs nobody anything
        (100, 60, 9, 100, 60, "9"),  # all of it
        (100, 0, 0, 100, 0, "0"),
        (100, 100, 9, 0, 0, "0"),
        (100, 60, -3, 50, 10, "-0.5"),  # a margin below zero is given back as well
        (100, 100, 0, 70, 70, "0"),
    ],
)
def test_the_short_part_of_the_commission(
    granted: int, consumed: int, commission: int, reversed_to_date: int, missing: int, clawed: str
) -> None:
    """short = reversed − unspent, target = commission × short / consumed."""
    found = Funding(granted * EURO, consumed * EURO, Decimal(commission * EURO))

    assert short(found, reversed_to_date * EURO) == missing * EURO
    assert target(found, reversed_to_date * EURO) == int(Decimal(clawed) * EURO)


@given(st.integers(1, 10**12), st.data())
def test_the_target_grows_with_what_went_back_and_never_beyond(granted: int, data: st.DataObject) -> None:
    """Nothing before anything spent went back; all of the commission at the end; monotone between."""
    consumed = data.draw(st.integers(0, granted))
    found = Funding(granted, consumed, Decimal(data.draw(st.integers(0, consumed))))
    steps = sorted(data.draw(st.lists(st.integers(0, granted), max_size=6)))
    targets = [target(found, step) for step in steps]

    assert targets == sorted(targets)
    assert all(0 <= one <= found.commission for one in targets)
    assert target(found, granted - consumed) == 0
    assert target(found, granted) == found.commission or not consumed


def test_it_is_rounded_once_half_up() -> None:
    """A third of a unit more or less is decided at the very end."""
    assert target(Funding(3, 3, Decimal(1)), 1) == 0
    assert target(Funding(3, 3, Decimal(1)), 2) == 1
    assert target(Funding(2, 2, Decimal(1)), 1) == 1
    assert target(Funding(3, 3, Decimal("1.49999999999999999999")), 1) == 0
