"""The life of a payment only moves forward, whatever arrives in whichever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.money import Money, round_to_minor
from askpro.payments import schedule, state
from askpro.payments.quote import with_tax
from askpro.sdk.payments import ChargeResult, Outcome, Waiting

CODES = st.sampled_from(["", "card_declined", "expired", "cancelled", "x"])
RESULTS = st.builds(
    ChargeResult,
    key=st.just("k"),
    outcome=st.sampled_from(Outcome),
    waiting=st.sampled_from([None, *Waiting]),
    code=CODES,
)
ORDER = ("new", "unknown", "pending", "declined", "expired", "settled")


def walk(results: list[ChargeResult]) -> list[tuple[str, str]]:
    """(attempt, order) after each result."""
    attempt, order, seen = "new", "new", []
    for result in results:
        step = state.read(result)
        attempt = step.attempt if state.advanced(attempt, step.attempt) else attempt
        order = step.order if state.advanced(order, step.order) else order
        seen.append((attempt, order))
    return seen


@given(st.lists(RESULTS, max_size=12))
def test_no_state_is_entered_twice(results: list[ChargeResult]) -> None:
    """Every change leads on: a state that was left never comes back, and settled is never left."""
    for column in zip(*walk(results), strict=True):
        runs = [one for n, one in enumerate(column) if n == 0 or column[n - 1] != one]
        assert len(runs) == len(set(runs))
        assert "settled" not in column or set(column[column.index("settled") :]) == {"settled"}


@given(st.lists(RESULTS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_shuffled_and_doubled_results_end_alike(results: list[ChargeResult], random: object) -> None:
    """The end does not depend on order or repetition, but for which refusal came first."""
    shuffled = [*results, *results]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    refused = {"expired": "declined", "not_sent": "declined"}

    def end(given: list[ChargeResult]) -> tuple[str, ...]:
        return tuple(refused.get(one, one) for one in walk(given)[-1])

    assert end(results) == end(shuffled)


@given(st.lists(RESULTS, max_size=8))
def test_attempt_and_order_go_together(results: list[ChargeResult]) -> None:
    """An order is settled exactly when its attempt is, and refused exactly when its attempt is."""
    for attempt, order in walk(results):
        assert (attempt == "settled") == (order == "settled")
        assert state.final(attempt) == state.final(order)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (ChargeResult(key="k", outcome=Outcome.PENDING, waiting=Waiting.CUSTOMER), ("new", "new", "")),
        (ChargeResult(key="k", outcome=Outcome.PENDING, waiting=Waiting.PROVIDER), ("pending", "pending", "")),
        (ChargeResult(key="k", outcome=Outcome.PENDING), ("pending", "pending", "")),
        (ChargeResult(key="k", outcome=Outcome.DECLINED, code="expired"), ("declined", "expired", "expired")),
        (ChargeResult(key="k", outcome=Outcome.DECLINED), ("declined", "declined", "declined")),
        (ChargeResult(key="k", outcome=Outcome.NOT_SENT), ("not_sent", "declined", "not_sent")),
        (ChargeResult(key="k", outcome=Outcome.UNKNOWN, code="TimeoutError"), ("unknown", "unknown", "TimeoutError")),
    ],
)
def test_what_a_result_means(result: ChargeResult, expected: tuple[str, str, str]) -> None:
    """An open page promises nothing; a timeout is unknown, never declined."""
    step = state.read(result)

    assert expected == (step.attempt, step.order, step.reason)


@pytest.mark.parametrize("present", ORDER)
def test_money_that_arrives_after_a_refusal_counts(present: str) -> None:
    """Settled lies ahead of everything but itself."""
    assert state.advanced(present, "settled") == (present != "settled")


def test_look_ups_come_after_five_minutes_an_hour_and_then_daily() -> None:
    """The janitor's clock, and its end after three months."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    steps = [(found - at) if (found := schedule.next_look_up(n, at)) else None for n in range(93)]

    assert steps[:4] == [timedelta(minutes=5), timedelta(hours=1), timedelta(days=1), timedelta(days=1)]
    assert steps[91:] == [timedelta(days=1), None]


def test_events_are_tried_ten_times() -> None:
    """With growing pauses; then they are dead letters."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    waits = [found - at for n in range(1, 10) if (found := schedule.next_try(n, at))]

    assert waits == [timedelta(minutes=2**n) for n in range(9)]
    assert schedule.next_try(10, at) is None


@pytest.mark.parametrize(
    ("net", "rate", "digits", "tax", "gross"),
    [
        ("50", "0.19", 2, "9.50", "59.50"),
        ("9.99", "0.19", 2, "1.90", "11.89"),
        ("0.50", "0.05", 2, "0.03", "0.53"),  # 0.025: half up
        ("25", "0", 2, "0", "25"),
        ("1000", "0.10", 0, "100", "1100"),
        ("5", "0.10", 0, "1", "6"),  # 0.5 yen: half up
        ("1.005", "0.20", 3, "0.201", "1.206"),
    ],
)
def test_tax_is_added_on_top(net: str, rate: str, digits: int, tax: str, gross: str) -> None:
    """D10: the balance is credited net; the tax is rounded half up to the smallest coin."""
    found = with_tax(Money.of(net, "EUR"), Decimal(rate), digits)

    assert (Money.of(tax, "EUR"), Money.of(gross, "EUR")) == (found.tax, found.gross)


@given(st.integers(1, 10**9), st.integers(0, 9999), st.sampled_from([0, 2, 3]))
def test_a_quote_always_adds_up_in_coins(coins: int, rate: int, digits: int) -> None:
    """gross = net + tax, all of them whole coins, and the tax within half a coin of the exact one."""
    unit = 10 ** (6 - digits)
    found = with_tax(Money(coins * unit, "XXX"), Decimal(rate).scaleb(-4), digits)

    assert found.gross == found.net + found.tax
    assert round_to_minor(found.gross.units, digits) == found.gross.units
    assert abs(found.tax.units * 10_000 - coins * unit * rate) * 2 <= unit * 10_000


@pytest.mark.parametrize(("units", "digits"), [(0, 2), (-1_000_000, 2), (1_001, 2), (1_500_000, 0)])
def test_what_is_no_amount_is_refused(units: int, digits: int) -> None:
    """Nothing, less than nothing and fractions of coins are not sold (failure 20)."""
    with pytest.raises(InvalidInput):
        with_tax(Money(units, "EUR"), Decimal("0.19"), digits)
