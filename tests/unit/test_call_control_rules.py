"""For how long money lasts and how much is held for how long (D6): the table, and what must hold for every price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.calls.control.cover import LONGEST, QUANTUM, Quote, quote
from askpro.calls.control.progress import talked
from askpro.calls.control.verdicts import decided
from askpro.ids import new_id
from askpro.ledger.holds import HoldAnswer
from askpro.tariffs.card import Level, MonthScope, TariffVersion, Tier
from askpro.tariffs.chain import Chain, Refusal
from askpro.tariffs.increments import Increments, billed_seconds

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


def chain(increments: str = "1/1", rate: str = "0.12", connect: str = "0", **more: Any) -> Chain:
    """A price list of one version."""
    version = TariffVersion(
        id=new_id(), level=Level.RESELLER, currency="EUR", effective_from=EARLY,
        increments=Increments.parse(increments), connect_fee=Decimal(connect), inbound=Decimal(rate),
        items={"token": Decimal("0.001")}, **more,
    )  # fmt: skip
    return Chain([version])


def priced(sold: Chain, bought: Chain | None = None, **more: Any) -> Quote:
    found = quote(sold, bought or chain(rate="0"), "inbound", "+4930222", **more)
    assert isinstance(found, Quote)
    return found


@pytest.mark.parametrize(
    ("money", "increments", "connect", "seconds"),
    [
        ("0.50", "60/60", "0.05", 180),
        ("0.50", "30/6", "0.05", 222),
        ("0.10", "60/1", "0.05", 0),
        ("0.10", "60/1", "0", 0),
        ("0.12", "60/1", "0", 60),
        ("0.119999", "60/1", "0", 0),
        ("0.122", "60/1", "0", 61),
        ("0.05", "1/1", "0.05", 0),
        ("0.052", "1/1", "0.05", 1),
        ("1000", "1/1", "0", LONGEST),
        ("0", "1/1", "0", 0),
        ("-1", "1/1", "0", 0),
    ],
)
def test_the_longest_call_an_amount_pays_for(money: str, increments: str, connect: str, seconds: int) -> None:
    """The first block and the connect fee come first: what they cost is no time (failure 12)."""
    one = priced(chain(increments, connect=connect))
    assert one.most(int(Decimal(money) * 10**6)) == seconds


@pytest.mark.parametrize(
    ("increments", "covered", "price"),
    [
        ("1/1", 60, 120_000),
        ("60/60", 60, 120_000),
        ("30/6", 60, 120_000),
        ("50/50", 100, 200_000),
        ("90/1", 90, 180_000),
    ],
)
def test_the_first_hold_is_a_block_and_no_less_than_a_quantum(increments: str, covered: int, price: int) -> None:
    """hold₀ = price(max(F, 60)); it covers the whole block it pays for."""
    first = priced(chain(increments)).first()
    assert (first.seconds, first.price) == (covered, price)


def test_the_reseller_above_limits_the_call_too() -> None:
    """The longest call is the one both can pay for."""
    one = priced(chain(rate="0.12"), chain(rate="0.06"))
    assert one.most(240_000, 60_000) == 60
    assert one.most(120_000, 10**9) == 60
    assert one.most(120_000, 999) == 0


def test_seconds_that_are_included_cost_no_cover() -> None:
    """With 90 included seconds left, the first quantum is free and the second half paid."""
    one = priced(chain(included_seconds=100, month_scope=MonthScope()), used=10)
    assert (one.first().price, one.further(60).price, one.further(60).seconds) == (0, 60_000, 120)
    assert one.most(0) == 90
    assert (one.staged, one.metered) == (True, True)


def test_items_count_as_far_as_they_are_reported() -> None:
    """Unknown at the start, part of the hold as soon as they are known."""
    assert priced(chain(), tokens=100).first().price == 120_000 + 100_000


def test_what_has_no_price_has_no_quote() -> None:
    """Denied, never sold at zero (failure 11)."""
    assert quote(chain(), chain(), "outbound", "+4930222") == Refusal("rate_missing")
    assert quote(chain(), chain(), "inbound", "+4930222", bookings=1) == Refusal("rate_missing", "booking")


@given(
    first=st.integers(1, 120), following=st.integers(1, 90), free=st.integers(0, 40), rate=st.integers(0, 10_000),
    connect=st.integers(0, 1000), money=st.integers(0, 10**7), included=st.integers(0, 300), used=st.integers(0, 400),
    tier=st.integers(1, 500), discount=st.integers(0, 100), most=st.one_of(st.none(), st.integers(1, 300)),
)  # fmt: skip
def test_the_longest_call_is_affordable_and_no_longer_one_is(
    first: int, following: int, free: int, rate: int, connect: int, money: int, included: int, used: int, tier: int,
    discount: int, most: int | None,
) -> None:  # fmt: skip
    """For any prices: price(T) ≤ money, and one second more is too much, too long, or the first block is not paid."""
    one = priced(
        chain(
            f"{first}/{following}", str(Decimal(rate) / 10_000), str(Decimal(connect) / 1000), free_seconds=free,
            included_seconds=included, tiers=(Tier(tier, Decimal(discount)),), month_scope=MonthScope(),
            max_charge=None if most is None else Decimal(most) / 100,
        ),
        used=used,
    )  # fmt: skip
    seconds = one.most(money, longest=2_000)
    if seconds:
        assert one.price(seconds) <= money
        assert seconds == 2_000 or one.price(seconds + 1) > money
    else:
        assert one.price(max(first, free + 1)) > money
    cover = one.for_seconds(seconds or 1)
    assert cover.seconds >= seconds
    assert cover.price == one.price(seconds or 1) == one.price(cover.seconds)
    assert billed_seconds(cover.seconds, first, following, free) in (0, cover.seconds)
    assert one.quantum(seconds) >= 0


def held(**more: Any) -> HoldAnswer:
    values: dict[str, Any] = {
        "status": "held", "held": 120_000, "wholesale": 0, "cover": 60, "extends": 0, "available": 0,
        "reseller_available": None, "rest": None, "longest": None, "soft": (), "used": None,
    }  # fmt: skip
    return HoldAnswer(**(values | more))


@pytest.mark.parametrize(
    ("answer", "elapsed", "left", "next_in", "wrap_up"),
    [
        ({"available": 1_000_000}, 0, 560, 50, False),
        ({"available": 1_000_000}, 30, 530, 20, False),
        ({"available": 0}, 0, 60, 50, True),
        ({"available": 0}, 55, 5, 1, True),
        ({"available": -500}, 0, 60, 50, True),
        ({"available": 1_000_000, "rest": 60_000}, 0, 90, 50, False),
        ({"available": 1_000_000, "longest": 45}, 0, 45, 35, True),
        ({"available": 1_000_000, "reseller_available": 0}, 0, LONGEST, 50, False),
        ({"available": 10**12, "cover": 300}, 0, LONGEST, QUANTUM, False),
    ],
)
def test_what_telephony_is_told(answer: dict[str, Any], elapsed: int, left: int, next_in: int, wrap_up: bool) -> None:
    """Seconds left by what is held and free, the next sign of life in time, the end announced when no more comes."""
    free_of_charge = answer.get("reseller_available") == 0
    one = priced(chain(rate="0" if free_of_charge else "0.12"))
    found = decided(new_id(), one, held(**answer), elapsed=elapsed, currency="EUR")
    assert (found.allowed, found.seconds_left, found.next_in, found.wrap_up) == (True, left, next_in, wrap_up)


def test_talk_that_is_used_up_is_over() -> None:
    """Beyond its cover and without money a call may not go on, and why is said."""
    found = decided(new_id(), priced(chain()), held(), elapsed=60, currency="EUR")
    assert (found.allowed, found.reason, found.seconds_left) == (False, "insufficient_funds", 0)


@pytest.mark.parametrize(("late", "seconds"), [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60), (-5_000, 0)])
def test_talk_is_counted_in_seconds_begun(late: int, seconds: int) -> None:
    """As D1 counts; a clock that runs behind proves nothing."""
    assert talked(NOON, NOON + timedelta(milliseconds=late)) == seconds
    assert talked(None, NOON) == 0
