"""Refunds and disputes only move forward, and the parts of an order add up to it."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.payments.refund_shares import Share, of_gross, of_net
from askpro.payments.refund_state import Life, disputed_further, heard
from askpro.sdk.payments import DisputeState, Outcome

OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=10)


def walk(outcomes: list[Outcome]) -> list[Life]:
    """Where a refund stands after each piece of news, from the beginning."""
    seen = [Life()]
    for outcome in outcomes:
        seen.append(heard(seen[-1], outcome))
    return seen


@given(OUTCOMES)
def test_no_state_is_entered_twice(outcomes: list[Outcome]) -> None:
    """What was left never comes back, and declined by the provider's own word is never left."""
    seen = walk(outcomes)
    runs = [one for n, one in enumerate(seen) if n == 0 or seen[n - 1] != one]

    assert len(runs) == len(set(runs))
    assert Life("declined", closed=True) not in seen[:-1] or seen[-1].closed


@given(OUTCOMES, st.randoms(use_true_random=False))
def test_shuffled_and_doubled_news_end_alike(outcomes: list[Outcome], random: object) -> None:
    """Neither order nor repetition matters to the end."""
    shuffled = [*outcomes, *outcomes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert walk(outcomes)[-1] == walk(shuffled)[-1]


@pytest.mark.parametrize(
    ("outcomes", "state", "takes", "waits"),
    [
        ([], "new", True, True),
        ([Outcome.UNKNOWN], "unknown", True, True),
        ([Outcome.PENDING, Outcome.UNKNOWN], "pending", True, True),
        ([Outcome.SETTLED], "settled", True, False),
        ([Outcome.UNKNOWN, Outcome.NOT_SENT], "declined", False, False),
        ([Outcome.NOT_SENT, Outcome.SETTLED], "settled", True, False),  # it turned up after all
        ([Outcome.SETTLED, Outcome.NOT_SENT], "settled", True, False),
        ([Outcome.SETTLED, Outcome.DECLINED], "declined", False, False),  # the bank sent it back
        ([Outcome.DECLINED, Outcome.SETTLED], "declined", False, False),
        ([Outcome.SETTLED, Outcome.DECLINED, Outcome.SETTLED], "declined", False, False),
    ],
)
def test_where_news_lead(outcomes: list[Outcome], state: str, takes: bool, waits: bool) -> None:
    """The credit is out of the wallet exactly while the money is gone or may go."""
    life = walk(outcomes)[-1]

    assert (life.state, life.takes, life.waits) == (state, takes, waits)


@pytest.mark.parametrize("order", list(permutations(DisputeState)))
def test_disputes_end_alike_in_every_order(order: tuple[DisputeState, ...]) -> None:
    """Open, withdrawn, lost and won in all 24 orders: won."""
    state = order[0].value
    for found in order[1:]:
        state = found.value if disputed_further(state, found) else state

    assert state == "won"


# shares

CENT = 10_000
STEPS = st.lists(st.tuples(st.booleans(), st.integers(1, 4_000), st.booleans()), max_size=25)


@given(st.integers(1, 20_000), st.integers(0, 3_000), STEPS, st.sampled_from([0, 2, 3]))
def test_parts_of_an_order_add_up_to_it(net: int, rate: int, steps: list[tuple[bool, int, bool]], digits: int) -> None:
    """By net or by gross, some undone, in coins: never a coin too much, and the last part takes exactly the rest."""
    coin = 10 ** (6 - digits)
    order = Share(net * coin, (net * rate // 10_000) * coin)
    parts: list[Share] = []
    for by_net, coins, undo in steps:
        gone = sum(parts, Share())
        if by_net:
            part = of_net(order, gone, min(coins, (order.net - gone.net) // coin) * coin, digits) if (
                gone.net < order.net
            ) else Share()  # fmt: skip
        else:
            part = of_gross(order, gone, coins * coin, digits)
        assert part.net >= 0
        assert part.tax >= 0
        assert part.net % coin == part.tax % coin == 0
        parts.append(part)
        if undo:
            parts.pop(0)
        left = order - sum(parts, Share())
        assert left.net >= 0
        assert left.tax >= 0
    gone = sum(parts, Share())
    rest = of_gross(order, gone, order.gross, digits)
    assert gone + rest == order


def test_three_thirds_of_an_order_are_the_order() -> None:
    """100.00 at 19 per cent in steps of 33.33, 33.33 and 33.34: 39.66, 39.67 and 39.67, together 119.00."""
    order, gone, paid = Share(10_000 * CENT, 1_900 * CENT), Share(), []
    for net in (3_333, 3_333, 3_334):
        part = of_net(order, gone, net * CENT, 2)
        gone += part
        paid.append(part.gross // CENT)

    assert paid == [3_966, 3_967, 3_967]
    assert gone == order


def test_more_than_is_left_is_no_part() -> None:
    """By net it is refused, by gross it is what is left."""
    order, gone = Share(50 * CENT, 10 * CENT), Share(30 * CENT, 6 * CENT)

    with pytest.raises(ValueError, match="left"):
        of_net(order, gone, 21 * CENT, 2)
    assert of_gross(order, gone, 999 * CENT, 2) == Share(20 * CENT, 4 * CENT)
    assert of_gross(order, order, 1, 2) == Share()
