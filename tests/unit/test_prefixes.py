"""Longest prefix of a number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from askpro.tariffs.prefixes import Prefixes

digits = st.text("123", max_size=6)


def test_the_longest_prefix_wins() -> None:
    """A mobile prefix beats its country, whose price holds for all the rest."""
    deck = Prefixes({"+49": "Germany", "+4915": "mobile", "+1": "America"})

    assert deck.match("+491511234567") == ("+4915", "mobile")
    assert deck.match("+49891234567") == ("+49", "Germany")
    assert deck.match("+331234") is None


def test_a_number_may_be_its_own_prefix_and_may_be_shorter_than_the_deck() -> None:
    """``+49`` dialled alone is Germany, ``+4`` is nothing."""
    deck = Prefixes({"+49": 1, "+4915": 2})

    assert deck.match("+49") == ("+49", 1)
    assert deck.match("+4") is None
    assert deck.match("") is None


def test_an_empty_deck_matches_nothing_and_has_no_depth() -> None:
    """No prefix, no answer."""
    deck: Prefixes[int] = Prefixes({})

    assert (deck.match("+49"), deck.depth, len(deck)) == (None, 0, 0)


def test_a_deck_does_not_change_with_the_mapping_it_came_from() -> None:
    """What was compiled stays."""
    source = {"+49": 1}
    deck = Prefixes(source)
    source["+4915"] = 2

    assert deck.match("+4915") == ("+49", 1)


@given(deck=st.dictionaries(digits, st.integers()), number=digits)
def test_it_finds_what_trying_every_prefix_finds(deck: dict[str, int], number: str) -> None:
    """The answer equals that of the obvious loop over all prefixes."""
    matching = [prefix for prefix in deck if number.startswith(prefix)]
    expected = max(((prefix, deck[prefix]) for prefix in matching), key=lambda found: len(found[0]), default=None)

    assert Prefixes(deck).match(number) == expected


@given(deck=st.dictionaries(digits, st.integers()), number=digits, rest=digits)
def test_digits_beyond_the_depth_change_nothing(deck: dict[str, int], number: str, rest: str) -> None:
    """Two numbers that agree up to the depth have one answer: look-ups may be remembered by that key."""
    prefixes = Prefixes(deck)
    key = number[: prefixes.depth]

    if len(number) >= prefixes.depth:
        assert prefixes.match(key + rest) == prefixes.match(number)
