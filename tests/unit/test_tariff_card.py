"""Versions and chains: what makes no sense is refused, what is made stays as it is (D3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from askpro.errors import InvalidInput
from askpro.ids import named_id
from askpro.tariffs.card import Level, TariffVersion, Tier, valid_at
from askpro.tariffs.chain import Chain
from askpro.tariffs.increments import Increments

D = Decimal
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def version(level: Level = Level.RESELLER, name: str = "", **fields: Any) -> TariffVersion:
    """A version in EUR with an id that follows from level and name."""
    return TariffVersion(
        id=named_id(level, name), level=level, currency="EUR", effective_from=NEW_YEAR, **fields
    )  # fmt: skip


def test_chain_ids_follow_from_the_versions() -> None:
    """Same versions, same id; another version or order of levels, another id."""
    base, plan = version(increments=Increments(1, 1)), version(Level.PLAN)

    assert Chain([plan, base]).id == Chain([plan, base]).id
    assert len({Chain([plan, base]).id, Chain([base]).id, Chain([version(Level.PLAN, "b"), base]).id}) == 3


@pytest.mark.parametrize(
    ("versions", "field"),
    [
        ([], "versions"),
        ([version()], "increments"),
        ([version(increments=Increments(1, 1)), version(Level.PLAN)], "level"),
        (
            [version(increments=Increments(1, 1), min_charge=D(2)), version(Level.PLATFORM, max_charge=D(1))],
            "max_charge",
        ),
    ],
)
def test_a_chain_that_makes_no_sense_is_refused(versions: list[TariffVersion], field: str) -> None:
    """No version, no increments, levels out of order, maximum below minimum."""
    with pytest.raises(InvalidInput) as caught:
        Chain(versions)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"outbound": {"49": D(1)}}, "outbound"),
        ({"outbound": {"+49": D("0.123456789")}}, "outbound.+49"),
        ({"inbound": D(-1)}, "inbound"),
        ({"connect_fee": D("NaN")}, "connect_fee"),
        ({"min_charge": D("0.0000001")}, "min_charge"),
        ({"items": {"token": D("1e-13")}}, "items.token"),
        ({"free_seconds": -1}, "free_seconds"),
        ({"tiers": (Tier(5, D(1)), Tier(5, D(2)))}, "tiers"),
        ({"blocked": frozenset({"+49x"})}, "blocked"),
        ({"increments": Increments(0, 1)}, "increments"),
    ],
)
def test_a_version_that_makes_no_sense_is_refused(fields: dict[str, Any], field: str) -> None:
    """The error names the field."""
    with pytest.raises(InvalidInput) as caught:
        version(**fields)

    assert caught.value.field == field


def test_no_float_becomes_a_price() -> None:
    """A float is refused by type."""
    with pytest.raises(TypeError):
        version(inbound=0.1)


def test_a_version_does_not_change_with_what_it_was_made_of() -> None:
    """The dictionaries given are copied and cannot be written through the version."""
    rates = {"+49": D(1)}
    made = version(outbound=rates)
    rates["+43"] = D(2)

    assert dict(made.outbound) == {"+49": D(1)}
    with pytest.raises(TypeError):
        made.outbound["+43"] = D(2)  # type: ignore[index]


def test_the_latest_version_begun_is_valid() -> None:
    """At its very instant a version holds; before the first none does; of two at one instant the later made."""

    def at(day: int, number: int) -> TariffVersion:
        return TariffVersion(
            id=UUID(int=number), level=Level.PLAN, currency="EUR", effective_from=NEW_YEAR + timedelta(days=day)
        )  # fmt: skip

    versions = [at(0, 1), at(9, 3), at(9, 2), at(20, 4)]
    found = [valid_at(versions, NEW_YEAR + timedelta(days=day)) for day in (-1, 0, 9, 10, 20)]
    assert [v and v.id.int for v in found] == [None, 1, 3, 3, 4]
