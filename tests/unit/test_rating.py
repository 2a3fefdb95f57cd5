"""The price of a call: D0, D2, D3, the month, and how a price explains itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.ids import named_id
from askpro.tariffs import chain as chain_module
from askpro.tariffs.card import Level, MonthScope, TariffVersion, Tier
from askpro.tariffs.chain import Chain, Refusal
from askpro.tariffs.explain import MESSAGES, explain, render
from askpro.tariffs.increments import Increments
from askpro.tariffs.rating import Call, Rating, price, rate

D = Decimal
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def version(level: Level = Level.RESELLER, name: str = "", **fields: Any) -> TariffVersion:
    """A version in EUR with an id that follows from level and name."""
    return TariffVersion(
        id=named_id(level, name), level=level, currency="EUR", effective_from=NEW_YEAR, **fields
    )  # fmt: skip


def card(**fields: Any) -> Chain:
    """A chain of one version, billed by the second, 0.09 a minute to Germany unless told otherwise."""
    usual: dict[str, Any] = {"increments": Increments(1, 1), "inbound": D("0.05"), "outbound": {"+49": D("0.09")}}
    return Chain([version(**(usual | fields))])


def call(seconds: int, number: str = "+4989123", **items: int) -> Call:
    return Call("outbound", number, seconds * 1000, tuple(items.items()))


def priced(chain: Chain, call_: Call, used: int = 0) -> Rating:
    result = rate(chain, call_, used)
    assert isinstance(result, Rating)
    return result


def test_a_thousand_short_calls_cost_what_their_minutes_cost() -> None:
    """A thousand calls of 17 s at 0.09 by the second are 25.50; rounding each call to cents would say 30.00 (D0)."""
    chain = card()

    assert sum(priced(chain, call(17)).units for _ in range(1000)) == 25_500_000


def test_fees_minutes_and_items_add_up() -> None:
    """Connect 0.02 + per call 0.01 + 36 s at 0.15 + 2 tokens at 0.00001 + booking 0.50, rounded once."""
    chain = card(
        increments=Increments(30, 6), connect_fee=D("0.02"), per_call_fee=D("0.01"), outbound={"+49": D("0.15")},
        items={"token": D("0.00001"), "booking": D("0.5")},
    )  # fmt: skip
    rating = priced(chain, call(31, token=2, booking=1))

    assert rating.units == 20_000 + 10_000 + 90_000 + 20 + 500_000
    assert rating.exact == Fraction(rating.units, 10**6)
    assert [(c.kind, c.name, c.quantity) for c in rating.components] == [
        ("connect", "", 1), ("per_call", "", 1), ("minutes", "", 36), ("item", "token", 2), ("item", "booking", 1),
    ]  # fmt: skip


def test_a_call_within_the_free_seconds_costs_nothing_at_all() -> None:
    """Neither fee nor item nor minimum is charged on it; one second more costs everything."""
    chain = card(free_seconds=5, connect_fee=D("0.02"), items={"booking": D("0.5")}, min_charge=D("0.10"))

    assert priced(chain, call(5, booking=1)).units == 0
    assert priced(chain, call(6, booking=1)).units == 20_000 + 9_000 + 500_000


def test_a_charge_is_held_between_minimum_and_maximum() -> None:
    """The clamp is on the rounded price of the call."""
    chain = card(min_charge=D("0.02"), max_charge=D("0.15"))

    assert [priced(chain, call(s)).units for s in (1, 60, 600)] == [20_000, 90_000, 150_000]
    assert priced(chain, call(600)).rounded_units == 900_000


def test_rate_of_the_first_level_that_has_any_match() -> None:
    """A customer's ``+49`` beats the reseller's longer ``+4915``; where he has no match the next level answers (D3)."""
    chain = Chain([
        version(Level.CUSTOMER, outbound={"+49": D("0.01")}),
        version(Level.PLAN),
        version(increments=Increments(1, 1), outbound={"+4915": D("0.2"), "+43": D("0.3"), "+436": D("0.4")}),
    ])  # fmt: skip

    found = {
        n: (r.prefix, r.level, r.entry.rate) for n in ("+49151", "+4312", "+43660") if (r := priced(chain, call(9, n)))
    }
    assert found == {
        "+49151": ("+49", Level.CUSTOMER, D("0.01")),
        "+4312": ("+43", Level.RESELLER, D("0.3")),
        "+43660": ("+436", Level.RESELLER, D("0.4")),
    }


def test_every_parameter_is_inherited_by_itself() -> None:
    """A plan that sets one item price and a zero fee leaves all else to the reseller, order of items included."""
    base = version(
        Level.RESELLER, increments=Increments(60, 60), connect_fee=D("0.05"), inbound=D("0.12"),
        items={"token": D("0.1"), "booking": D("0.5")},
    )  # fmt: skip
    chain = Chain([version(Level.PLAN, connect_fee=D(0), items={"booking": D("0.4")}), base])

    assert (chain.connect_fee, chain.increments) == (D(0), (60, 60))
    assert list(chain.items.items()) == [("token", D("0.1")), ("booking", D("0.4"))]
    assert priced(chain, Call("inbound", "", 1000)).level == Level.RESELLER


def test_a_missing_rate_is_refused_and_never_free() -> None:
    """No prefix, no inbound rate, no price of a counted item: each is a refusal (failure 11)."""
    chain = card(inbound=None, items={"token": D(0)})

    assert rate(chain, call(1, "+331")) == Refusal("rate_missing")
    assert rate(chain, Call("inbound", "+49", 1000)) == Refusal("rate_missing")
    assert rate(chain, call(1, booking=1)) == Refusal("rate_missing", "booking")
    assert priced(chain, call(1, booking=0, token=7)).units == 1_500


def test_a_block_of_any_level_holds_for_all() -> None:
    """The platform's block beats a rate that a customer has; inbound calls have no destination."""
    chain = Chain([
        version(Level.CUSTOMER, outbound={"+49900": D(1)}, inbound=D(1), increments=Increments(1, 1)),
        version(Level.PLATFORM, blocked=frozenset({"+49900", "+881"})),
    ])  # fmt: skip

    assert rate(chain, call(1, "+499005")) == Refusal("destination_blocked", "+49900")
    assert rate(chain, call(1, "+8811")) == Refusal("destination_blocked", "+881")
    assert isinstance(rate(chain, Call("inbound", "+499005", 1000)), Rating)


def test_included_minutes_are_used_up_and_the_rest_is_paid() -> None:
    """100 s left of the included seconds: a call of 160 s pays 60, and its fee (D2)."""
    chain = card(included_seconds=600, connect_fee=D("0.02"))
    before, across, after = (priced(chain, call(160), used) for used in (0, 500, 600))

    assert [r.units for r in (before, across, after)] == [20_000, 110_000, 260_000]
    assert [r.free_seconds_used for r in (before, across, after)] == [160, 100, 0]
    assert [r.metered_seconds for r in (before, across, after)] == [160, 160, 160]


def test_a_call_across_a_tier_is_split_at_the_border() -> None:
    """40 s at full rate and 20 s at 10 % off; from the second tier on everything at half."""
    chain = card(outbound={"+49": D("0.6")}, tiers=(Tier(1000, D(10)), Tier(2000, D(50))))

    assert priced(chain, call(60), 960).units == 400_000 + 180_000
    assert priced(chain, call(60), 2000).units == 300_000
    assert priced(chain, call(1200), 900).units == 1_000_000 + 9_000_000 + 500_000


def test_calls_outside_the_scope_neither_use_the_month_nor_profit_from_it() -> None:
    """Included seconds for calls to +49 leave inbound calls and +43 at full price and uncounted."""
    scope = MonthScope(inbound=False, prefixes=frozenset({"+49"}))
    chain = card(included_seconds=600, outbound={"+4": D("0.6")}, month_scope=scope)

    assert [(r.units, r.metered_seconds) for n in ("+491", "+431") if (r := priced(chain, call(60, n)))] == [
        (0, 60), (600_000, 0),
    ]  # fmt: skip
    assert priced(chain, Call("inbound", "+491", 60_000)).metered_seconds == 0


@given(
    parts=st.lists(st.integers(1, 900), min_size=1, max_size=8),
    included=st.integers(0, 1500),
    border=st.integers(1, 2000),
)
def test_the_month_does_not_depend_on_how_it_is_cut_into_calls(parts: list[int], included: int, border: int) -> None:
    """Many calls in a row cost what one call of the same seconds costs: nothing is lost at a border."""
    chain = card(included_seconds=included, tiers=(Tier(border, D("12.5")),), outbound={"+49": D("0.6")})
    used, total = 0, Fraction(0)
    for seconds in parts:
        rating = priced(chain, call(seconds), used)
        used, total = used + rating.metered_seconds, total + rating.exact

    assert priced(chain, call(sum(parts))).exact == total


@given(first=st.integers(1, 90), following=st.integers(1, 90), seconds=st.integers(0, 3000), used=st.integers(0, 5000))
def test_a_longer_call_never_costs_less(first: int, following: int, seconds: int, used: int) -> None:
    """With fees, allowance and tiers the price is monotone in the duration."""
    chain = card(
        increments=Increments(first, following), free_seconds=3, connect_fee=D("0.01"), included_seconds=900,
        tiers=(Tier(2000, D(30)),), min_charge=D("0.002"), max_charge=D("2"),
    )  # fmt: skip

    assert priced(chain, call(seconds), used).units <= priced(chain, call(seconds + 1), used).units


@pytest.mark.parametrize("fault", [call(-1), call(1, token=-1), Call("sideways", "+49", 1)])  # type: ignore[arg-type]
def test_nonsense_calls_are_errors_and_not_prices(fault: Call) -> None:
    """Negative times and counts, and directions nobody knows, raise."""
    with pytest.raises(ValueError, match=r"answered|negative|direction"):
        rate(card(items={"token": D(1)}), fault)


def test_a_negative_month_is_an_error() -> None:
    """The counter of the month starts at zero."""
    with pytest.raises(ValueError, match="month"):
        rate(card(included_seconds=1), call(1), -1)


def test_memory_of_lookups_is_bounded_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many beginnings of numbers are called, all price lists together remember no more than the limit."""
    monkeypatch.setattr(chain_module, "_MOST_REMEMBERED", 1_000)
    lists = [card(outbound={"+49": D(1), "+4912345": D(2)}) for _ in range(3)]
    lists.append(card(outbound={"+49": D(1), "+4912345": D(2)}, connect_fee=D(0)))  # equal ones forget, too
    for tail in range(10_000, 12_400):
        for one in lists:
            assert priced(one, call(60, f"+49{tail}000")).units == (2_000_000 if tail == 12_345 else 1_000_000)
        assert sum(len(one.memo) for one in lists) <= 1_000

    assert [priced(one, call(60, "+49123456")).units for one in lists] == [2_000_000] * 4


@given(
    st.sampled_from(["outbound", "inbound"]),
    st.integers(0, 10**7),
    st.integers(0, 10_000),
    st.sampled_from(["+4989123", "+4930", "+331"]),
    st.integers(0, 10**6),
)
def test_the_price_alone_is_the_price_of_the_whole_rating(
    direction: Any, duration: int, used: int, number: str, tokens: int
) -> None:
    """What books calls by the thousand and what explains one of them never differ."""
    chain = card(
        outbound={"+49": D("0.1234567"), "+4930": D("0.09")}, included_seconds=1_000, items={"token": D("0.00001")},
        tiers=(Tier(3_000, D("12.5")),),
    )  # fmt: skip
    whole = rate(chain, Call(direction, number, duration, (("token", tokens),)), used)
    alone = price(chain, direction, number, duration, (("token", tokens),), used)

    if isinstance(whole, Refusal):
        assert alone == whole
    else:
        assert alone == (whole.units, whole.billed_seconds, whole.entry, whole.free_seconds_used)


def test_an_explanation_leads_from_the_duration_to_the_price() -> None:
    """Each step has its facts, and the amounts of the steps are those of the price."""
    chain = card(
        increments=Increments(30, 6), connect_fee=D("0.02"), included_seconds=100, tiers=(Tier(120, D(50)),),
        items={"token": D("0.00001")}, max_charge=D("0.05"),
    )  # fmt: skip
    steps = explain(priced(chain, call(49, token=3), 80))

    assert [step.kind for step in steps] == [
        "duration", "increments", "outbound_rate", "month", "connect", "minutes_included", "minutes",
        "minutes_discounted", "item", "rounded", "maximum", "price",
    ]  # fmt: skip
    assert [steps[i].params["seconds"] for i in (5, 6, 7)] == [20, 20, 14]
    assert steps[9].params["amount"] == D("0.060530")
    assert steps[-1].params["amount"] == D("0.05")


def test_explanations_speak() -> None:
    """Every step of every kind of result becomes a sentence with no placeholder left, through gettext."""
    chain = card(free_seconds=3, min_charge=D("0.5"), blocked=frozenset({"+49900"}))
    calls = [call(2), call(60), Call("inbound", "", 1000), call(1, "+49900"), call(1, "+1"), call(9, fax=1)]
    asked: list[str] = []

    def gettext(message: str) -> str:
        asked.append(message)
        return message

    text = [render(step, gettext) for c in calls for step in explain(rate(chain, c))]

    assert not any("%(" in line for line in text)
    assert "60 s / 60 × 0.09 EUR = 0.09 EUR." in text
    assert "Calls to +49900 are blocked." in text
    assert "There is no price for “fax”, so the call cannot be priced." in text
    assert set(asked) - {"from the reseller's price list"} <= set(MESSAGES.values())
