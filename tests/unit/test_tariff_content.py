"""What a price list may say, and how its mistakes are told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.tariffs.card import Level
from askpro.tariffs.content import accepted, digest, read, version

FULL: dict[str, Any] = {
    "increments": "30/6",
    "free_seconds": 5,
    "connect_fee": "0.020",
    "per_call_fee": "0",
    "inbound": "0.12",
    "outbound": {"+49": "0.150", "+4915": "0.24"},
    "items": {"token": "0.00001", "booking": "0.50"},
    "included_seconds": 600,
    "month_scope": {"inbound": False, "prefixes": ["+49", "+43"]},
    "tiers": [{"from_seconds": 1000, "discount_percent": "5.0"}],
    "min_charge": "0.01",
    "max_charge": "10",
    "blocked": ["+881"],
}


def test_content_is_canonical() -> None:
    """The same prices written in two ways are the same content, so nothing is published twice."""
    content = accepted(FULL, Level.RESELLER)

    assert content["connect_fee"] == "0.02"
    assert content["increments"] == [30, 6]
    assert content["items"] == [["token", "0.00001"], ["booking", "0.5"]]
    assert accepted(content, Level.RESELLER) == content
    assert digest(accepted(content, Level.RESELLER)) == digest(content)


def test_content_becomes_a_card() -> None:
    """Every key arrives in the card with its exact value; items keep their order."""
    card = version(UUID(int=1), Level.RESELLER, "EUR", datetime(2026, 1, 1, tzinfo=UTC), accepted(FULL, Level.RESELLER))

    assert tuple(card.increments or ()) == (30, 6)
    assert card.outbound == {"+49": Decimal("0.15"), "+4915": Decimal("0.24")}
    assert list(card.items) == ["token", "booking"]
    assert card.month_scope is not None
    assert card.month_scope.prefixes == frozenset({"+49", "+43"})
    assert (card.month_scope.inbound, card.month_scope.outbound) == (False, True)
    assert card.tiers is not None
    assert card.tiers[0].discount_percent == 5
    assert card.blocked == {"+881"}


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("inbund", "0.12", ("inbund",)),
        ("inbound", 0.12, ("inbound",)),
        ("inbound", "-0.12", ("inbound",)),
        ("inbound", "1e3", ("inbound",)),
        ("inbound", "0.123456789", ("inbound",)),
        ("free_seconds", "5", ("free_seconds",)),
        ("free_seconds", True, ("free_seconds",)),
        ("free_seconds", -1, ("free_seconds",)),
        ("increments", "0/6", ("increments",)),
        ("increments", 60, ("increments",)),
        ("outbound", {"49": "0.1"}, ("outbound", "49")),
        ("outbound", {"+49x": "0.1"}, ("outbound", "+49x")),
        ("outbound", {"+1234567890123456": "0.1"}, ("outbound", "+1234567890123456")),
        ("outbound", {"+49": 1}, ("outbound", "+49")),
        ("outbound", {"+8812": "0.1"}, ("outbound", "+8812")),
        ("outbound", [], ("outbound",)),
        ("items", {"Token": "0.1"}, ("items", "Token")),
        ("items", {"token": 0.1}, ("items", "token")),
        ("month_scope", {"inbound": 1}, ("month_scope", "inbound")),
        ("month_scope", {"outbond": True}, ("month_scope", "outbond")),
        ("month_scope", {"prefixes": ["+49", "+4915"]}, ("month_scope", "prefixes")),
        ("tiers", [{"from_seconds": 5}], ("tiers", 0)),
        ("tiers", [{"from_seconds": 9, "discount_percent": "1"}] * 2, ("tiers", 1, "from_seconds")),
        ("tiers", [{"from_seconds": 9, "discount_percent": "101"}], ("tiers",)),
        ("max_charge", "0.001", ("max_charge",)),
        ("min_charge", "0.0000001", ("min_charge",)),
        ("blocked", ["+"], ("blocked", 0)),
        ("blocked", ["+88", "+881"], ("blocked",)),
    ],
)
def test_nonsense_is_named(key: str, value: object, path: tuple[str | int, ...]) -> None:
    """Each mistake is told with the keys that lead to it, and alone."""
    _, problems = read(FULL | {key: value}, Level.RESELLER)

    assert [problem.path for problem in problems] == [path]


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody has to correct a file one mistake at a time."""
    with pytest.raises(InvalidInput) as caught:
        accepted({"inbound": 0.1, "connect_fee": "x", "colour": "red"}, Level.RESELLER)

    assert [line.split(":")[0] for line in caught.value.detail.splitlines()] == ["inbound", "connect_fee", "colour"]


@pytest.mark.parametrize("key", ["included_seconds", "month_scope", "tiers"])
def test_wholesale_has_no_monthly_terms(key: str) -> None:
    """A wholesale price never depends on a counter that nobody keeps."""
    _, problems = read({"increments": "1/1", key: FULL[key]}, Level.PLATFORM)

    assert [problem.path for problem in problems] == [(key,)]


_prices = st.decimals(0, 9999, places=6, allow_nan=False).map(lambda d: f"{d:f}")


@given(
    st.dictionaries(st.from_regex(r"\+[0-9]{1,15}", fullmatch=True), _prices),
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), _prices),
)
def test_reading_twice_changes_nothing(outbound: dict[str, str], items: dict[str, str]) -> None:
    """Canonical content is its own canonical form, and no amount changes its value on the way."""
    content, problems = read({"outbound": outbound, "items": items}, Level.PLAN)

    assert not problems
    assert read(content, Level.PLAN) == (content, [])
    assert {p: Decimal(v) for p, v in content.get("outbound", {}).items()} == {
        p: Decimal(v) for p, v in outbound.items()
    }
