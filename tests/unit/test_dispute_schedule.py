"""When a dispute is asked about: daily, when our time to answer is over, and once more after it was lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.payments.schedule import dispute_look_up, unanswered_look_up

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOMETIME = st.none() | st.timedeltas(-90 * DAY, 90 * DAY).map(lambda away: NOW + away)


@pytest.mark.parametrize("state", ["open", "withdrawn"])
@pytest.mark.parametrize(
    ("answer_by", "after"),
    [
        (None, DAY),
        (NOW + 20 * HOUR, 21 * HOUR),
        (NOW + 23 * HOUR, DAY),
        (NOW + 5 * DAY, DAY),
        (NOW, HOUR),
        (NOW - 59 * MINUTE, MINUTE),
        (NOW - HOUR, DAY),
        (NOW - 5 * DAY, DAY),
    ],
)
def test_daily_and_an_hour_after_the_time_to_answer(state: str, answer_by: datetime | None, after: timedelta) -> None:
    """The earlier of both, and never a moment that has passed."""
    assert dispute_look_up(state, NOW, answer_by=answer_by, closed_at=None) == NOW + after


def test_a_lost_one_once_more_and_a_won_one_never() -> None:
    """30 days after it was lost, however often it is heard of before; then, and once won, not any more."""
    end = NOW - 29 * DAY
    for moment in (end, end + 3 * DAY, NOW):
        assert dispute_look_up("lost", moment, answer_by=NOW, closed_at=end) == NOW + DAY
    assert dispute_look_up("lost", NOW + DAY, answer_by=NOW, closed_at=end) is None
    assert dispute_look_up("won", end, answer_by=NOW, closed_at=end) is None


def test_pauses_grow_up_to_a_day() -> None:
    """Without an answer: 5 minutes, 1 hour, then daily for ever; the end of our time to answer does not wait."""
    waits = [unanswered_look_up("open", n, NOW, answer_by=None, closed_at=None) for n in (1, 2, 3, 4, 1000)]
    assert waits == [NOW + 5 * MINUTE, NOW + HOUR, NOW + DAY, NOW + DAY, NOW + DAY]
    assert unanswered_look_up("open", 9, NOW, answer_by=NOW + 3 * HOUR, closed_at=None) == NOW + 4 * HOUR


def test_a_lost_one_that_nobody_answers_for_is_given_up() -> None:
    """60 days after it was lost."""
    end = NOW - 60 * DAY
    assert unanswered_look_up("lost", 9, NOW - MINUTE, answer_by=None, closed_at=end) == NOW - MINUTE + DAY
    assert unanswered_look_up("lost", 9, NOW, answer_by=None, closed_at=end) is None


@given(st.sampled_from(["open", "withdrawn"]), SOMETIME, st.integers(1, 10_000))
def test_an_open_one_is_never_given_up(state: str, answer_by: datetime | None, unanswered: int) -> None:
    """Whatever happens, it is asked about again within a day, and not at once."""
    for due in (
        dispute_look_up(state, NOW, answer_by=answer_by, closed_at=None),
        unanswered_look_up(state, unanswered, NOW, answer_by=answer_by, closed_at=None),
    ):
        assert due is not None
        assert NOW < due <= NOW + DAY
