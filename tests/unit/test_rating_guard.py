"""Selling below cost is reported before it is published (D4)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.ids import new_id
from askpro.tariffs.card import Level, TariffVersion, Tier
from askpro.tariffs.chain import Chain
from askpro.tariffs.guard import ItemFinding, NegativeRange, below_wholesale, require_floor
from askpro.tariffs.increments import Increments
from askpro.tariffs.rating import Call, Rating, rate

D = Decimal


def card(increments: str, currency: str = "EUR", **fields: Any) -> Chain:
    return Chain([
        TariffVersion(
            id=new_id(), level=Level.RESELLER, currency=currency, effective_from=datetime(2026, 1, 1, tzinfo=UTC),
            increments=Increments.parse(increments), **fields,
        )
    ])  # fmt: skip


def test_a_price_above_cost_everywhere_reports_nothing() -> None:
    """Same increments and a higher rate: clean."""
    report = below_wholesale(card("1/1", outbound={"+49": D("0.2")}), card("1/1", outbound={"+49": D("0.1")}))

    assert (report.clean, report.findings, report.unsellable) == (True, (), ())
    require_floor(report)


def test_short_calls_lose_where_cost_has_the_larger_first_increment() -> None:
    """By the second at 0.13 against 60/1 at 0.055: 1 to 25 s lose money, the first second most."""
    report = below_wholesale(card("1/1", outbound={"+49": D("0.13")}), card("60/1", outbound={"+49": D("0.055")}))
    (finding,) = report.findings

    assert finding.prefixes == ("+49",)
    assert finding.ranges == (NegativeRange(1, 25, 1, 2_167 - 55_000),)
    assert finding.floor_margin == 2_167 - 55_000


def test_ranges_with_gaps_are_reported_one_by_one() -> None:
    """90/90 at 0.10 against 60/60 at 0.11 wins and loses in turns; each loss is a range with its worst second."""
    report = below_wholesale(card("90/90", inbound=D("0.10")), card("60/60", inbound=D("0.11")))
    ranges = report.findings[0].ranges

    assert [(r.first, r.last) for r in ranges] == [(61, 90), (121, 180), (241, 270), (301, 450), (481, 600)]
    assert (ranges[3].worst_seconds, ranges[3].worst_units) == (421, 750_000 - 880_000)


def test_destinations_with_the_same_two_prices_are_one_finding() -> None:
    """Three mobile prefixes, two of them at one price: two findings."""
    retail = card("1/1", outbound={"+4915": D("0.1"), "+4916": D("0.1"), "+4917": D("0.05")})
    report = below_wholesale(retail, card("1/1", outbound={"+49": D("0.11")}))

    assert [finding.prefixes for finding in report.findings] == [("+4915", "+4916"), ("+4917",)]


def test_a_dearer_cost_within_a_cheap_country_is_found() -> None:
    """The price list knows +49 only, cost knows +4915: the finding names the prefix of the cost."""
    retail, cost = card("1/1", outbound={"+49": D("0.1")}), card("1/1", outbound={"+49": D("0.06"), "+4915": D("0.11")})

    assert [finding.prefixes for finding in below_wholesale(retail, cost).findings] == [("+4915",)]


def test_what_cannot_be_bought_is_named() -> None:
    """A retail rate without a wholesale rate cannot be sold; a blocked one is no matter."""
    retail = card("1/1", outbound={"+49": D(1), "+33": D(1), "+34": D(1)}, blocked=frozenset({"+34"}))

    assert below_wholesale(retail, card("1/1", outbound={"+49": D("0.1")})).unsellable == ("+33",)


def test_items_are_compared_piece_by_piece() -> None:
    """A token that is given away costs the reseller."""
    retail = card("1/1", inbound=D(1), items={"token": D(0), "booking": D(1)})
    cost = card("1/1", inbound=D("0.1"), items={"token": D("0.000004"), "booking": D("0.15"), "fax": D(1)})

    assert below_wholesale(retail, cost).items == (ItemFinding("token", D(0), D("0.000004")),)


def test_included_seconds_are_skipped_and_tiers_are_tried() -> None:
    """Only the tier of 60 % off loses, found at its start."""
    retail = card("1/1", inbound=D("0.2"), included_seconds=600, tiers=(Tier(1000, D(10)), Tier(5000, D(60))))
    report = below_wholesale(retail, card("1/1", inbound=D("0.1")))

    assert [(f.from_seconds, f.ranges[0].first, f.ranges[-1].last) for f in report.findings] == [(5000, 1, 600)]


def test_cost_is_taken_at_its_dearest() -> None:
    """Included seconds and discounts that the platform grants the reseller hide no loss: they end, prices stay."""
    cost = card("1/1", inbound=D("0.1"), included_seconds=10_000, tiers=(Tier(20_000, D(90)),))

    assert len(below_wholesale(card("1/1", inbound=D("0.05")), cost).findings) == 1


def test_the_hard_floor_looks_at_the_first_increment() -> None:
    """5 free seconds lose on calls of 1 to 5 s, which the floor allows; a price below cost at 30 s it refuses."""
    cost = card("1/1", outbound={"+49": D("0.06")})
    gentle = below_wholesale(card("30/6", free_seconds=5, outbound={"+49": D("0.15")}), cost)
    below = below_wholesale(card("30/6", outbound={"+49": D("0.05")}), cost)

    assert [(r.first, r.last) for r in gentle.findings[0].ranges] == [(1, 5)]
    require_floor(gentle)
    with pytest.raises(InvalidInput, match=r"\+49"):
        require_floor(below)


def test_two_currencies_are_not_compared() -> None:
    """EUR against GBP is an error, never a conversion."""
    with pytest.raises(InvalidInput):
        below_wholesale(card("1/1", inbound=D(1)), card("1/1", "GBP", inbound=D(1)))


rates = st.integers(1, 30).map(lambda n: D(n).scaleb(-2))
steps = st.sampled_from(["1/1", "60/1", "30/6", "60/60"])
decks = st.dictionaries(st.sampled_from(["+4", "+49", "+4915", "+43"]), rates, min_size=1)


@settings(max_examples=25, deadline=None)
@given(steps, decks, st.integers(0, 9), steps, decks)
def test_it_reports_exactly_the_calls_that_lose(
    retail_step: str, retail_deck: dict[str, Decimal], free: int, cost_step: str, cost_deck: dict[str, Decimal]
) -> None:
    """For every prefix and duration: reported if and only if the call is rated below cost."""
    retail, cost = card(retail_step, outbound=retail_deck, free_seconds=free), card(cost_step, outbound=cost_deck)
    reported = {
        (prefix, seconds)
        for finding in below_wholesale(retail, cost, longest=130).findings
        for prefix in finding.prefixes
        for part in finding.ranges
        for seconds in range(part.first, part.last + 1)
    }
    losing = set()
    for prefix in retail_deck.keys() | cost_deck.keys():
        for seconds in range(1, 131):
            sold, bought = (rate(chain, Call("outbound", prefix, seconds * 1000)) for chain in (retail, cost))
            if isinstance(sold, Rating) and isinstance(bought, Rating) and sold.units < bought.units:
                losing.add((prefix, seconds))

    assert reported == losing
