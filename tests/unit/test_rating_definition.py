"""Whole numbers arrive at the price that decimals with 28 digits define (D2)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from askpro.ids import named_id
from askpro.tariffs.card import Level, TariffVersion, Tier
from askpro.tariffs.chain import Chain
from askpro.tariffs.explain import explain, render
from askpro.tariffs.increments import Increments, billed_seconds, raw_seconds
from askpro.tariffs.rating import Call, Rating, rate

D = Decimal


def card(**fields: Any) -> Chain:
    """A chain of one version, billed by the second unless told otherwise; the id follows from the fields."""
    usual: dict[str, Any] = {"increments": Increments(1, 1)}
    return Chain([
        TariffVersion(
            id=named_id(fields), level=Level.RESELLER, currency="EUR", effective_from=datetime(2026, 1, 1, tzinfo=UTC),
            **(usual | fields),
        )
    ])  # fmt: skip


def call(seconds: int, number: str = "+4989123", **items: int) -> Call:
    return Call("outbound", number, seconds * 1000, tuple(items.items()))


def priced(chain: Chain, call_: Call, used: int = 0) -> Rating:
    result = rate(chain, call_, used)
    assert isinstance(result, Rating)
    return result


def defined(chain: Chain, call_: Call, used: int) -> tuple[int, Fraction]:
    """The rule written down once more: (units by decimals with 28 digits, exact amount in units), no clamp."""
    terms: list[tuple[int, Decimal]] = []
    entry = priced(chain, call_, used).entry
    billed = billed_seconds(raw_seconds(call_.duration_ms), *chain.increments, chain.free_seconds)
    if not billed:
        return 0, Fraction(0)
    rates = [(0, D(1)), *((t.from_seconds, (100 - t.discount_percent) / 100) for t in chain.tiers)]
    if not entry.metered:
        terms.append((billed, entry.rate))
    else:
        start = max(used, chain.included_seconds)
        for index, (border, factor) in enumerate(rates):
            low = max(start, border)
            high = min(used + billed, rates[index + 1][0] if index + 1 < len(rates) else used + billed)
            if high > low:
                terms.append((high - low, entry.rate * factor))
    counts = dict(call_.items)
    pieces = [(counts.get(name, 0), price) for name, price in chain.items.items()]
    with localcontext(Context(prec=28, rounding=ROUND_HALF_EVEN)):
        amount = chain.connect_fee + chain.per_call_fee
        for seconds, per_minute in terms:
            amount = amount + (Decimal(seconds) / 60) * per_minute
        for count, price in pieces:
            amount = amount + count * price
        units = int((amount * 10**6).quantize(Decimal(1), ROUND_HALF_UP))
    exact = Fraction(chain.connect_fee) + Fraction(chain.per_call_fee)
    exact += sum((Fraction(r) * s / 60 for s, r in terms), Fraction(0)) + sum(
        (Fraction(p) * n for n, p in pieces), Fraction(0)
    )
    return units, exact * 10**6


prices = st.integers(0, 10**9).map(lambda n: D(n).scaleb(-8))
coarse = st.integers(0, 10**4).map(lambda n: D(n).scaleb(-6))  # many ties: these meet halves of units often
fees = st.one_of(st.just(D(0)), prices, coarse)
item_prices = st.one_of(
    coarse,
    st.integers(0, 200).map(lambda n: D(n * 5).scaleb(-7)),
    st.integers(0, 10**9).map(lambda n: D(n).scaleb(-12)),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Chain, Call, int]:
    tiers = sorted(draw(st.sets(st.integers(0, 3000), max_size=2)))
    chain = card(
        increments=Increments(draw(st.sampled_from([1, 20, 30, 60])), draw(st.sampled_from([1, 6, 60]))),
        free_seconds=draw(st.integers(0, 5)), connect_fee=draw(fees), per_call_fee=draw(fees),
        outbound={"+49": draw(st.one_of(prices, coarse))},
        items={"token": draw(item_prices), "booking": draw(item_prices)},
        included_seconds=draw(st.sampled_from([0, 0, 600])),
        tiers=tuple(Tier(start, draw(st.integers(0, 100).map(D))) for start in tiers),
    )  # fmt: skip
    pieces = (("token", draw(st.integers(0, 5000))), ("booking", draw(st.integers(0, 3))))
    return chain, Call("outbound", "+4989", draw(st.integers(0, 4_000_000)), pieces), draw(st.integers(0, 5000))


def check(chain: Chain, call_: Call, used: int) -> Fraction:
    """Price equals definition and lies within half a unit of the truth; returns the fraction of a unit."""
    units, exact = defined(chain, call_, used)
    rating = priced(chain, call_, used)

    assert rating.units == units == rating.rounded_units
    assert rating.exact * 10**6 == exact
    assert abs(units - exact) <= Fraction(1, 2)
    if (exact + Fraction(1, 2)).denominator != 1:
        assert units == (exact + Fraction(1, 2)).__floor__()
    return exact % 1


@settings(max_examples=1500, deadline=None)
@given(cases())
def test_whole_numbers_equal_the_definition(case: tuple[Chain, Call, int]) -> None:
    """For any card, call and month the price is what decimals with 28 digits say."""
    check(*case)


@settings(max_examples=1500, deadline=None)
@given(rate_=st.one_of(prices, coarse), seconds=st.integers(1, 5000), fee=fees, tokens=st.integers(1, 2000))
def test_whole_numbers_equal_the_definition_at_forced_ties(
    rate_: Decimal, seconds: int, fee: Decimal, tokens: int
) -> None:
    """The rate is bent so that the price ends in exactly half a unit, mostly with minutes that do not end."""
    # Seconds · rate/60 in units must be a multiple of 1/2: let the rate be a multiple of 3 units a second-third.
    rate_ = (rate_ * 10**6).to_integral_value() * 3 * D("1e-6")
    seconds -= seconds % 10
    assume(seconds)
    chain = card(outbound={"+49": rate_}, connect_fee=fee.quantize(D("1e-6")), items={"token": D("0.0000005")})
    _, exact = defined(chain, call(seconds, token=tokens), 0)
    tokens += 0 if exact % 1 == Fraction(1, 2) else 1

    assert check(chain, call(seconds, token=tokens), 0) == Fraction(1, 2)


def test_ties_do_come_out_one_lower_where_minutes_do_not_end() -> None:
    """The tie rule is real: 20 s at 0.0000165 are exactly 5.5 units and cost 5; 30 s at 0.000001 are 0.5 and cost 1."""
    low, true = card(outbound={"+49": D("0.0000165")}), card(outbound={"+49": D("0.000001")})

    assert (priced(low, call(20)).exact * 10**6, priced(low, call(20)).units) == (Fraction(11, 2), 5)
    assert (priced(true, call(30)).exact * 10**6, priced(true, call(30)).units) == (Fraction(1, 2), 1)


def test_a_tie_across_a_tier_looks_at_each_part() -> None:
    """90 s are whole minutes and a half, yet 10 s and 80 s at two rates are not: 0.5 units exactly, priced 0."""
    chain = card(outbound={"+49": D("0.0000006")}, tiers=(Tier(10, D(50)),))
    rating = priced(chain, call(90))

    assert (rating.exact * 10**6, rating.units) == (Fraction(1, 2), 0)
    check(chain, call(90), 0)


def test_the_callers_decimal_context_changes_nothing() -> None:
    """A thread that works with three digits gets the same price."""
    chain = card(outbound={"+49": D("0.045")}, items={"token": D("0.0000035")})
    with localcontext(Context(prec=3)):
        narrow = [priced(chain, call(s, token=1)).units for s in range(1, 200)]

    assert narrow == [priced(chain, call(s, token=1)).units for s in range(1, 200)]


def test_amounts_beyond_the_proof_take_the_decimals() -> None:
    """Where 28 digits no longer suffice the definition still rules, one unit beside the truth here."""
    chain, long = card(outbound={"+49": D("9999999999.12345678")}), call(100_000_000_084)
    units, exact = defined(chain, long, 0)

    assert priced(chain, long).units == units == 16_666_666_679_205_761_298_772_840
    assert (exact + Fraction(1, 2)).__floor__() == units - 1


@given(cases())
@settings(max_examples=200, deadline=None)
def test_a_stored_call_can_be_recomputed(case: tuple[Chain, Call, int]) -> None:
    """Versions, call and counter give the same rating again, and any explanation can be rendered."""
    chain, call_, used = case
    rating, again = rate(chain, call_, used), rate(Chain(chain.versions), call_, used)

    assert rating == again
    assert all(render(step, str) for step in explain(rating))
