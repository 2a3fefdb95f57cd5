"""Stripe's way of counting money, and the platform's share of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.money import UNITS, Money
from askpro.sdk import Secret
from askpro_stripe.currencies import CURRENCIES, LIMITS, coin_digits, digits, from_stripe, to_stripe
from askpro_stripe.params import fee_of, locale_of
from askpro_stripe.scope import Scope
from askpro_stripe.settings import StripeSettings

CONNECTED = Scope(Secret("sk_test_x"), "acct_1", False)


@pytest.mark.parametrize(
    ("amount", "currency", "counted"),
    [
        ("50", "EUR", 5000),
        ("0.50", "USD", 50),
        ("1250", "JPY", 1250),
        ("7.23", "KWD", 7230),
        ("40", "ISK", 4000),
        ("5", "UGX", 500),
        ("175", "HUF", 17500),
        ("99", "MGA", 99),
    ],
)
def test_amounts_by_exponent(amount: str, currency: str, counted: int) -> None:
    """Two, none and three decimals, and the two currencies that are written with decimals they no longer have."""
    money = Money.of(amount, currency)
    assert to_stripe(money) == counted
    assert from_stripe(counted, currency.lower()) == money


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0.005", "EUR", "amount_too_fine"),
        ("0.5", "JPY", "amount_too_fine"),
        ("7.235", "KWD", "amount_too_fine"),
        ("40.10", "ISK", "amount_too_fine"),
        ("0", "EUR", "amount_impossible"),
        ("-5", "EUR", "amount_impossible"),
        ("1", "XXX", "currency_unknown"),
    ],
)
def test_what_stripe_cannot_charge_is_refused(amount: str, currency: str, code: str) -> None:
    """Nothing is rounded on the way out: an amount that Stripe cannot charge exactly is refused."""
    with pytest.raises(InvalidInput) as refused:
        to_stripe(Money.of(amount, currency))
    assert refused.value.code == code


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(1, 10**7))
def test_there_and_back(currency: str, coins: int) -> None:
    """Every amount of whole coins comes back as it went."""
    money = Money(coins * (UNITS // 10 ** coin_digits(currency)), currency)
    assert from_stripe(to_stripe(money), currency) == money
    assert digits(currency) in (0, 2, 3)


def test_limits_are_chargeable() -> None:
    """The least and the most of every currency are amounts that Stripe can count."""
    for code, limits in LIMITS.items():
        assert limits.maximum is not None
        least = 0 if limits.minimum is None else to_stripe(limits.minimum)
        assert least < to_stripe(limits.maximum) <= 99_999_999, code
    assert LIMITS["EUR"].minimum == Money.of("0.50", "EUR")
    assert LIMITS["JPY"].minimum == Money.of(50, "JPY")


def settings(**values: Any) -> StripeSettings:
    given: dict[str, Any] = {name: Decimal(value) for name, value in values.items()}
    return StripeSettings(**given)


@pytest.mark.parametrize(
    ("amount", "percent", "fixed", "fee"),
    [
        (Money.of(50, "EUR"), "2.9", "0.25", Money.of("1.70", "EUR")),
        (Money.of("0.50", "EUR"), "1", "0", Money.of("0.01", "EUR")),
        (Money.of(1250, "JPY"), "1.5", "0.30", Money.of(19, "JPY")),
        (Money.of("7.23", "KWD"), "1", "0", Money.of("0.07", "KWD")),
        (Money.of(1, "EUR"), "0", "5", Money.of(1, "EUR")),
        (Money.of("0.50", "EUR"), "0.9", "0", None),
    ],
)
def test_fee(amount: Money, percent: str, fixed: str, fee: Money | None) -> None:
    """Per cent and fixed part together, rounded once, half up to the coin, never more than the payment."""
    assert fee_of(settings(fee_percent=percent, fee_fixed=fixed), CONNECTED, amount, None) == fee


def test_a_fee_that_is_asked_for_goes_first() -> None:
    """The core's own figure counts, where the account can pay a fee; where it cannot, nobody is silently deprived."""
    amount, wanted = Money.of(50, "EUR"), Money.of(3, "EUR")
    assert fee_of(settings(fee_percent="10"), CONNECTED, amount, wanted) == wanted
    own = Scope(Secret("sk_test_x"), "own", False)
    assert fee_of(settings(fee_percent="10"), own, amount, None) is None
    with pytest.raises(InvalidInput) as refused:
        fee_of(settings(), own, amount, wanted)
    assert refused.value.code == "platform_fee_impossible"


@pytest.mark.parametrize(
    ("locale", "stripes"), [("de_AT", "de"), ("pt-BR", "pt-BR"), ("en", "en"), ("is", "auto"), ("zh_TW", "zh-TW")]
)
def test_languages_of_the_page(locale: str, stripes: str) -> None:
    """The nearest language that Stripe's pages speak."""
    assert locale_of(locale) == stripes
