"""Billed seconds (D1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.tariffs.increments import Increments, billed_seconds, raw_seconds

steps = st.integers(1, 300)
lengths = st.integers(1, 20_000)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (7, (60, 30, 60, 7, 20)),
        (31, (60, 36, 60, 31, 32)),
        (61, (120, 66, 61, 61, 62)),
        (125, (180, 126, 125, 125, 128)),
    ],
)
def test_the_table_of_the_rule(raw: int, expected: tuple[int, ...]) -> None:
    """Five usual increments give the seconds that rule D1 lists."""
    usual = [Increments.parse(text) for text in ("60/60", "30/6", "60/1", "1/1", "20/6")]

    assert expected == tuple(billed_seconds(raw, first, following) for first, following in usual)


def test_only_what_is_beyond_the_first_increment_is_rounded() -> None:
    """21 s at 20/6 are 26 s; rounding the whole call to a multiple of six would say 24."""
    assert billed_seconds(21, 20, 6) == 26


@pytest.mark.parametrize(("ms", "raw"), [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (60_000, 60), (60_001, 61)])
def test_a_begun_second_counts(ms: int, raw: int) -> None:
    """Milliseconds are rounded up to seconds."""
    assert raw_seconds(ms) == raw


@pytest.mark.parametrize(("raw", "billed"), [(0, 0), (5, 0), (6, 30), (30, 30), (31, 36)])
def test_free_seconds_make_a_short_call_free_and_shorten_no_other(raw: int, billed: int) -> None:
    """With 5 free seconds a call of 6 s bills from its first second."""
    assert billed_seconds(raw, 30, 6, free=5) == billed


@given(raw=lengths, first=steps, following=steps)
def test_never_less_than_the_call_and_always_whole_increments(raw: int, first: int, following: int) -> None:
    """Billed ≥ raw by less than one increment, and beyond the first a multiple of the next."""
    billed = billed_seconds(raw, first, following)

    assert raw <= billed < raw + max(first, following)
    assert (billed - first) % following == 0
    assert billed >= first


@given(raw=lengths, more=lengths, first=steps, following=steps, free=st.integers(0, 30))
def test_a_longer_call_never_bills_less(raw: int, more: int, first: int, following: int, free: int) -> None:
    """Billed seconds are monotone in the duration."""
    assert billed_seconds(raw, first, following, free) <= billed_seconds(raw + more, first, following, free)


@pytest.mark.parametrize("text", ["", "60", "60/", "0/1", "60/0", "-1/1", "1.5/1", "60/60/60", "\uff160/1", " 1/1"])
def test_nonsense_increments_are_refused(text: str) -> None:
    """Anything but two whole numbers above zero is an error of the field ``increments``."""
    with pytest.raises(InvalidInput) as caught:
        Increments.parse(text)

    assert caught.value.field == "increments"


@given(first=steps, following=steps)
def test_increments_are_written_as_they_are_read(first: int, following: int) -> None:
    """``parse`` and ``str`` are each other's reverse."""
    assert Increments.parse(str(Increments(first, following))) == (first, following)
