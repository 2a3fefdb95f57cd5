"""D7: when a wallet is topped up by itself, and by how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.money import UNITS
from askpro.wallets.topup_rule import (
    COOLDOWN,
    LONGEST_COOLDOWN,
    TERMINAL,
    Decision,
    Limits,
    Mode,
    Standing,
    Terms,
    conflicts,
    decide,
    failed,
    next_cooldown,
    wanted,
)

COIN = 10_000
LIMITS = Limits(5 * UNITS, 1000 * UNITS, COIN)
FIXED = Terms(10 * UNITS, "fixed", 25 * UNITS, 500 * UNITS)
TARGET = Terms(10 * UNITS, "target", 60 * UNITS, 500 * UNITS)


def cents(amount: float | str) -> int:
    return round(float(amount) * 100) * COIN


@pytest.mark.parametrize(
    ("available", "pending", "expected"),
    [
        ("-14.99", 0, 25), ("-15", 0, 50), ("-40", 0, 75), ("-40", 25, 50),
        ("10", 0, 25), ("10.01", 0, 0), ("0", 0, 25), ("-40", 51, 0), ("9.99", "0.01", 25),
    ],
)  # fmt: skip
def test_the_worked_examples(available: str, pending: str, expected: int) -> None:
    """Threshold 10, step 25: as many whole steps as lift the balance above the threshold, in one charge."""
    assert wanted(FIXED, cents(available), cents(pending), COIN) == expected * UNITS


@pytest.mark.parametrize(("available", "expected"), [("10", "50"), ("9.999999", "50.01"), ("-3.5", "63.5")])
def test_a_target_is_reached(available: str, expected: str) -> None:
    """What is missing to the target, rounded up to a coin."""
    units = round(float(available) * UNITS)

    assert wanted(TARGET, units, 0, COIN) == cents(expected)


def test_the_cap_clamps_and_then_refuses() -> None:
    """What the month's cap leaves is charged while it is a charge of its own; below the minimum nothing is."""
    low = cents("-40")  # three steps

    assert decide(FIXED, Standing(low, charged=425 * UNITS), LIMITS) == Decision(75 * UNITS)
    assert decide(FIXED, Standing(low, charged=450 * UNITS), LIMITS) == Decision(50 * UNITS)
    assert decide(FIXED, Standing(low, charged=495 * UNITS), LIMITS) == Decision(5 * UNITS)
    assert decide(FIXED, Standing(low, charged=496 * UNITS), LIMITS) == Decision(0, "monthly_cap")
    assert decide(FIXED, Standing(low, charged=900 * UNITS), LIMITS) == Decision(0, "monthly_cap")


def test_more_than_one_charge_may_be_is_split_into_whole_steps() -> None:
    """A large gap is closed by several charges, never refused and never by a broken step."""
    limits = Limits(5 * UNITS, 60 * UNITS, COIN)

    assert decide(FIXED, Standing(cents("-100")), limits) == Decision(50 * UNITS)
    assert decide(TARGET, Standing(cents("-100")), limits) == Decision(60 * UNITS)


def test_a_minimum_that_was_raised_later_refuses() -> None:
    """A step that has become too small is refused, not rounded up without consent."""
    assert decide(FIXED, Standing(0), Limits(30 * UNITS, 1000 * UNITS, COIN)) == Decision(0, "below_minimum")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (FIXED, []),
        (TARGET, []),
        (Terms(0, "fixed", 4 * UNITS, 500 * UNITS), [("amount", "step_out_of_bounds")]),
        (Terms(0, "fixed", 1001 * UNITS, 2000 * UNITS), [("amount", "step_out_of_bounds")]),
        (Terms(0, "fixed", 25 * UNITS, 24 * UNITS), [("monthly_cap", "cap_below_amount")]),
        (Terms(10 * UNITS, "target", 10 * UNITS, 50 * UNITS), [("amount", "target_below_threshold")]),
        (Terms(10 * UNITS, "target", 14 * UNITS, 50 * UNITS), [("amount", "target_too_close")]),
        (Terms(10 * UNITS, "target", 2000 * UNITS, 5000 * UNITS), [("amount", "target_too_far")]),
        (Terms(-1 * UNITS, "fixed", 25 * UNITS, 50 * UNITS), [("threshold", "threshold_negative")]),
        (Terms(1, "fixed", 25 * UNITS, 50 * UNITS), [("threshold", "amount_too_fine")]),
    ],
)
def test_conflicts_are_told_when_the_rule_is_saved(terms: Terms, expected: list[tuple[str, str]]) -> None:
    """Each limit that could never be kept is named with its field."""
    assert list(conflicts(terms, LIMITS)) == expected


def test_the_rest_after_a_failure_doubles_up_to_a_day() -> None:
    """60 minutes, 2, 4, 8, 16 hours, then a day."""
    seconds, found = 0, []
    for _ in range(7):
        seconds = next_cooldown(seconds)
        found.append(seconds)

    assert found == [3600, 7200, 14400, 28800, 57600, 86400, 86400]


def test_three_refusals_in_a_row_pause_and_terminal_ones_at_once() -> None:
    """A bank's third no ends it; a stolen card's first; a provider out of reach never does."""
    first = failed(0, 0, "card_declined")
    second = failed(first.declines, first.cooldown, "insufficient_funds")
    third = failed(second.declines, second.cooldown, "card_declined")

    assert (first.pause, second.pause, third.pause) == ("", "", "declined")
    assert {failed(0, 0, code).pause for code in TERMINAL} == TERMINAL
    assert failed(0, 0, "mandate_invalid", terminal=True).pause == "mandate_invalid"
    away = failed(2, COOLDOWN, "plugin_unavailable", bank=False)
    assert (away.declines, away.cooldown, away.pause) == (2, 2 * COOLDOWN, "")


units = st.integers(-10_000 * UNITS, 10_000 * UNITS)
coins = st.sampled_from([1, 1_000, 10_000, 1_000_000])


@st.composite
def rules(draw: st.DrawFn) -> tuple[Terms, Limits]:
    """Terms without a conflict, with their limits."""
    coin = draw(coins)
    least = draw(st.integers(1, 20)) * UNITS
    most = least + draw(st.integers(0, 500)) * UNITS
    threshold = draw(st.integers(0, 200)) * UNITS
    mode: Mode = "fixed" if draw(st.booleans()) else "target"
    step = draw(st.integers(least // UNITS, most // UNITS)) * UNITS
    amount = step if mode == "fixed" else threshold + step
    terms = Terms(threshold, mode, amount, step + draw(st.integers(0, 2000)) * UNITS)
    limits = Limits(least, most, coin)
    assert not list(conflicts(terms, limits))
    return terms, limits


@given(rules(), units, st.integers(0, 500 * UNITS), st.integers(0, 3000 * UNITS))
def test_what_is_charged_keeps_every_limit(
    rule: tuple[Terms, Limits], available: int, pending: int, charged: int
) -> None:
    """Never below the least or above the most, never beyond the cap, always whole coins; and only when it is due."""
    terms, limits = rule
    found = decide(terms, Standing(available, pending, charged), limits)

    assert (found.units > 0 or found.reason != "") == (available + pending <= terms.threshold)
    if found.units:
        assert limits.least <= found.units <= limits.most
        assert charged + found.units <= terms.monthly_cap
        assert found.units % limits.coin == 0
    else:
        assert found.reason in ("", "monthly_cap")


@given(rules(), units)
def test_one_charge_is_enough_where_no_limit_is_in_the_way(rule: tuple[Terms, Limits], available: int) -> None:
    """Afterwards the wallet is above its threshold, and by less than one step more than needed."""
    terms, limits = rule
    wide = Limits(1, 10**15, limits.coin)
    found = decide(Terms(terms.threshold, terms.mode, terms.amount, 10**15), Standing(available), wide)

    if available <= terms.threshold:
        after = available + found.units
        assert after > terms.threshold
        if terms.mode == "fixed":
            assert after - terms.amount <= terms.threshold
            assert found.units % terms.amount == 0
        else:
            assert terms.amount <= after < terms.amount + limits.coin
    else:
        assert found == Decision(0)


@given(st.integers(0, 5), st.integers(0, LONGEST_COOLDOWN), st.text(max_size=20), st.booleans(), st.booleans())
def test_a_failure_never_shortens_the_rest(declines: int, cooldown: int, code: str, terminal: bool, bank: bool) -> None:
    """Rest and count only grow, and the rest stays within its bounds."""
    after = failed(declines, cooldown, code, terminal=terminal, bank=bank)

    assert max(COOLDOWN, cooldown) <= after.cooldown <= LONGEST_COOLDOWN
    assert after.declines == declines + bank
