"""Amounts as people type them: what is read, what is refused, and that what we write can be typed in again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.i18n import reader
from askpro.money import UNITS, Money
from askpro.web import typed_money

LANGUAGES = ("de", "en", "fr", "es")
CENT = UNITS // 100


def read(language: str, text: str, currency: str = "EUR", *, signed: bool = False) -> int:
    return typed_money.read(reader(language, "Europe/Berlin"), text, currency, signed=signed).units


def code_of(language: str, text: str, currency: str = "EUR") -> str:
    with pytest.raises(InvalidInput) as caught:
        read(language, text, currency)
    return caught.value.code


@pytest.mark.parametrize(
    ("language", "text", "cents"),
    [
        ("de", "1.234,56", 123456),
        ("de", "12,5", 1250),
        ("de", "12.50", 1250),
        ("de", "1.234.567", 123456700),
        ("de", "50 €", 5000),
        ("de", " 50,00 EUR ", 5000),
        ("en", "1,234.56", 123456),
        ("en", "12,5", 1250),
        ("en", "€12.50", 1250),
        ("fr", "1\N{NARROW NO-BREAK SPACE}234,56 €", 123456),
        ("fr", "1 234,56", 123456),
        ("es", "1.234,56", 123456),
        ("de-CH", "1\N{RIGHT SINGLE QUOTATION MARK}234.50", 123450),
    ],
)
def test_it_is_read_as_it_was_meant(language: str, text: str, cents: int) -> None:
    """Each language's own way of writing, and the neighbour's where it can mean nothing else."""
    assert cents * CENT == read(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "1.250"),  # a thousand and more, or one and a quarter?
        ("en", "1,250"),
        ("de", "1,250"),
        ("en", "1.250"),
        ("fr", "5,000"),
        ("es", "5,000"),
        *((language, text) for language in LANGUAGES for text in (
            "", " ", "abc", "12 34", "1.2.3", "1,234,56", "1.234.56", "12,", ",5", "1e3", "0x10", "--5", "5-", "+5",
            "12 $", "12 £", "1 234.567,00.", "٣", "²", "12\n3", "1.23 4,00", "∞", "NaN", "1" * 41,
        )),
    ],
)  # fmt: skip
def test_what_is_no_amount_or_two_is_refused(language: str, text: str) -> None:
    """Neither garbage nor another currency nor what can be read in two ways becomes an amount."""
    assert code_of(language, text) == "amount_unreadable"


def test_fine_and_negative_amounts_are_told_apart() -> None:
    """Too many decimals and less than nothing have codes of their own; zeros behind the last coin do not count."""
    assert code_of("de", "12,345") == "amount_too_fine"
    assert code_of("de", "12,5", "JPY") == "amount_too_fine"
    assert code_of("de", "-12,50") == "amount_negative"
    assert code_of("en", "\N{MINUS SIGN}€12.50") == "amount_negative"
    assert read("de", "12,5000") == 1250 * CENT
    assert read("de", "-12,50", signed=True) == -1250 * CENT
    assert read("de", "1.500", "JPY") == 1500 * UNITS  # no decimals: nothing else is meant
    assert code_of("de", "5,000", "JPY") == "amount_unreadable"  # not five
    assert read("de", "1,250", "KWD") == 1_250_000  # three decimals are its own


@given(
    language=st.sampled_from(LANGUAGES),
    currency=st.sampled_from(("EUR", "USD", "GBP", "CHF", "PLN", "JPY")),
    coins=st.integers(min_value=-(10**11), max_value=10**11),
)
def test_what_is_written_can_be_typed_in_again(language: str, currency: str, coins: int) -> None:
    """The field's own text, and the amount as pages show it, are read back as the same amount, in every language."""
    one = reader(language, "Europe/Berlin")
    amount = Money(coins * (UNITS if currency == "JPY" else CENT), currency)

    assert amount == typed_money.read(one, typed_money.written(one, amount), currency, signed=True)
    assert amount == typed_money.read(one, one.money(amount), currency, signed=True)


@given(language=st.sampled_from(LANGUAGES), text=st.text(max_size=50))
def test_whatever_is_typed_is_an_amount_or_refused(language: str, text: str) -> None:
    """Nothing that can be typed breaks the reading, and no amount is below zero unless that was asked for."""
    try:
        found = read(language, text)
    except InvalidInput as error:
        found, refused = 0, error.code
    else:
        refused = "amount_unreadable"

    assert found >= 0
    assert refused in ("amount_unreadable", "amount_too_fine", "amount_negative")


def test_a_field_is_rounded_half_up() -> None:
    """What is finer than a coin is written as D0 rounds it, not to the even neighbour."""
    assert typed_money.written(reader("de", "UTC"), Money(125_000, "EUR")) == "0,13"


@given(currency=st.sampled_from(("EUR", "JPY")), coins=st.integers(min_value=0, max_value=10**11))
def test_addresses_speak_no_language(currency: str, coins: int) -> None:
    """What our own links carry is read back as the same amount, whoever reads the page."""
    amount = Money(coins * (UNITS if currency == "JPY" else CENT), currency)

    assert typed_money.from_address(typed_money.in_address(amount), currency) == amount
