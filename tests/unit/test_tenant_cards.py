"""Which prices hold for whom and when (D2, D3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from askpro.errors import InvalidInput
from askpro.ids import named_id
from askpro.tariffs.card import Level, TariffVersion
from askpro.tariffs.chain import Chain, Refusal
from askpro.tariffs.chains import CommissionTerms, TenantCards
from askpro.tariffs.increments import Increments
from askpro.tariffs.rating import Call, Rating, price, rate

TENANT, CUSTOMER, PLAN = UUID(int=1), UUID(int=2), UUID(int=3)
START = datetime(2026, 1, 1, tzinfo=UTC)
_MS = timedelta(microseconds=1)


def _version(level: Level, name: str, price: str, begins: datetime = START, **more: Any) -> TariffVersion:
    return TariffVersion(
        id=named_id(name),
        level=level,
        currency=more.pop("currency", "EUR"),
        effective_from=begins,
        increments=Increments(1, 1) if level in (Level.RESELLER, Level.PLATFORM) else None,
        outbound={"+49": Decimal(price)},
        **more,
    )


def _price(cards: TenantCards, at: datetime, *, customer: UUID | None = None, plan: UUID | None = None) -> int:
    card = cards.chain_for(customer, plan, "EUR", at)
    assert card is not None
    result = rate(card.retail, Call("outbound", "+4930", 60_000))
    assert isinstance(result, Rating)
    return result.units


def _cards(*more: tuple[UUID | None, TariffVersion], blocked: tuple[str, ...] = (), **options: Any) -> TenantCards:
    versions = [
        (None, _version(Level.RESELLER, "retail", "0.30")),
        (None, _version(Level.PLATFORM, "cost", "0.10")),
        *more,
    ]
    return TenantCards(TENANT, sorted(versions, key=lambda pair: pair[1].effective_from), blocked, **options)


def test_the_nearest_level_decides() -> None:
    """Customer before plan before reseller, and only for those whom it concerns."""
    cards = _cards((PLAN, _version(Level.PLAN, "plan", "0.20")), (CUSTOMER, _version(Level.CUSTOMER, "own", "0.15")))

    assert _price(cards, START) == 300_000
    assert _price(cards, START, plan=PLAN) == 200_000
    assert _price(cards, START, customer=CUSTOMER, plan=PLAN) == 150_000
    assert _price(cards, START, customer=UUID(int=99), plan=UUID(int=98)) == 300_000


def test_a_version_holds_from_its_instant_on() -> None:
    """A call answered a microsecond earlier still has the old price (D2)."""
    change = datetime(2026, 6, 1, tzinfo=UTC)
    cards = _cards((None, _version(Level.RESELLER, "dearer", "0.40", change)))

    assert [_price(cards, at) for at in (change - _MS, change, change + _MS)] == [300_000, 400_000, 400_000]


def test_of_two_at_the_same_instant_the_later_one_holds() -> None:
    """A version that was corrected before it began has no effect."""
    change = datetime(2026, 6, 1, tzinfo=UTC)
    cards = _cards(
        (None, _version(Level.RESELLER, "mistaken", "4.00", change)),
        (None, _version(Level.RESELLER, "corrected", "0.40", change)),
    )

    assert _price(cards, change) == 400_000


def test_nothing_holds_before_the_first_version_or_in_another_currency() -> None:
    """What has no price is refused, never sold at zero (failure 11)."""
    cards = _cards()

    assert cards.chain_for(None, None, "EUR", START - _MS) is None
    assert cards.chain_for(None, None, "GBP", START) is None


def test_without_cost_nothing_is_sold() -> None:
    """A reseller without wholesale prices cannot sell."""
    assert (
        TenantCards(TENANT, [(None, _version(Level.RESELLER, "retail", "0.3"))]).chain_for(None, None, "EUR", START)
        is None
    )


def test_a_wholesale_list_for_one_reseller_comes_before_the_general_one() -> None:
    """The own list decides where it says something, the general one elsewhere."""
    own = TariffVersion(
        id=named_id("own"),
        level=Level.PLATFORM,
        currency="EUR",
        effective_from=START,
        outbound={"+49": Decimal("0.07")},
    )
    card = _cards((TENANT, own)).chain_for(None, None, "EUR", START)
    assert card is not None
    cost = rate(card.wholesale, Call("outbound", "+4930", 60_000))

    assert isinstance(cost, Rating)
    assert cost.units == 70_000
    assert card.wholesale_ids == (own.id, named_id("cost"))


def test_blocked_destinations_are_refused_and_leave_no_trace_in_the_card() -> None:
    """Blocking refuses the call; the card's id stays, because no price changed."""
    open_, barred = (
        _cards().chain_for(None, None, "EUR", START),
        _cards(blocked=("+4930",)).chain_for(None, None, "EUR", START),
    )
    assert open_ is not None
    assert barred is not None

    assert rate(barred.retail, Call("outbound", "+493012", 1000)) == Refusal("destination_blocked", "+4930")
    assert isinstance(rate(barred.retail, Call("outbound", "+494012", 1000)), Rating)
    assert barred.id == open_.id
    assert barred.retail_ids == (named_id("retail"),)


def test_the_card_names_the_commission_in_force() -> None:
    """Another scheme is another card: a stored call says what its commission was computed with."""
    later = datetime(2026, 6, 1, tzinfo=UTC)
    first, second = (CommissionTerms(named_id(n), "percent", Decimal(n)) for n in ("10", "20"))
    cards = _cards(schemes=[(START, first), (later, second)])
    before, after = (cards.chain_for(None, None, "EUR", at) for at in (later - _MS, later))
    assert before is not None
    assert after is not None

    assert (before.commission, after.commission) == (first, second)
    assert before.id != after.id
    assert before.retail == after.retail


def test_customers_without_own_prices_share_a_card() -> None:
    """A million customers do not need a million compiled price lists."""
    cards = _cards()

    assert cards.chain_for(UUID(int=10), None, "EUR", START) is cards.chain_for(UUID(int=11), PLAN, "EUR", START)


def test_levels_that_contradict_each_other_price_nothing() -> None:
    """A customer's minimum above the reseller's maximum: refused at publication, and no price if it got there."""
    cards = _cards(
        (CUSTOMER, _version(Level.CUSTOMER, "own", "0.15", min_charge=Decimal(9))),
        (None, _version(Level.RESELLER, "capped", "0.15", START + _MS, max_charge=Decimal(5))),
    )

    assert cards.chain_for(CUSTOMER, None, "EUR", START) is not None
    assert cards.chain_for(CUSTOMER, None, "EUR", START + _MS) is None
    with pytest.raises(InvalidInput, match="maximum"):
        cards.require_fitting(CUSTOMER, None, "EUR", START + _MS)


def test_resellers_share_the_compiled_list_of_what_they_buy_by() -> None:
    """One chain for all resellers with the same wholesale prices; a version that only bears the same id is another."""
    cost = _version(Level.PLATFORM, "cost", "0.10")

    def bought(version: TariffVersion, name: str) -> Chain:
        cards = TenantCards(named_id(name), [(None, _version(Level.RESELLER, name, "0.30")), (None, version)])
        card = cards.chain_for(None, None, "EUR", START)
        assert card is not None
        return card.wholesale

    one, other = bought(cost, "falke"), bought(cost, "nordstern")
    stranger = bought(_version(Level.PLATFORM, "cost", "0.20"), "third")

    assert one is other
    assert stranger is not one
    assert price(one, "outbound", "+4930", 60_000)[0] == 100_000  # type: ignore[index]
    assert price(stranger, "outbound", "+4930", 60_000)[0] == 200_000  # type: ignore[index]
