"""Amounts as Stripe counts them: whole numbers of a currency's smallest coin, with four kinds of exceptions.

Most currencies have two decimals; some have none; those with three must end in 0; and two that lost their decimals
(ISK, UGX) are still written with two, which must be 00.
"""

from __future__ import annotations

from collections.abc import Mapping

from askpro.errors import InvalidInput
from askpro.money import UNITS, Money
from askpro.sdk import Limits

__all__ = ("CURRENCIES", "LIMITS", "coin_digits", "digits", "from_stripe", "to_stripe")

_NONE_OF_THEM = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_TWO_OF_THEM = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC"
    " CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD"
    " KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP"
    " PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS"
    " WST XCD YER ZAR ZMW"
)
_NONE, _TWO = frozenset(_NONE_OF_THEM.split()), frozenset(_TWO_OF_THEM.split())
_THREE, _WHOLE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"}), frozenset({"ISK", "UGX"})

CURRENCIES = _NONE | _THREE | _WHOLE | _TWO
"""What customers may be charged in; a certain account or kind of payment may know fewer."""

_LEAST = {
    "AED": "2", "AUD": "0.50", "BGN": "1", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50", "CZK": "15", "DKK": "2.50",
    "EUR": "0.50", "GBP": "0.30", "HKD": "4", "HUF": "175", "INR": "0.50", "JPY": "50", "MXN": "10", "MYR": "2",
    "NOK": "3", "NZD": "0.50", "PLN": "2", "RON": "2", "SEK": "3", "SGD": "0.50", "THB": "10", "USD": "0.50",
}  # fmt: skip
_MOST = 99_999_999  # eight digits, whatever they mean


def digits(currency: str) -> int:
    """Decimals that Stripe writes, not those that people use."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def coin_digits(currency: str) -> int:
    """Decimals that an amount may really have."""
    return 0 if currency in _NONE | _WHOLE else 2


def _step(currency: str) -> int:
    """The least that an amount may differ by, in what Stripe counts."""
    return int(10 ** (digits(currency) - coin_digits(currency)))


def _coin(currency: str) -> int:
    """What Stripe counts as one, in units."""
    return int(UNITS // 10 ** digits(currency))


def to_stripe(amount: Money) -> int:
    """Raises InvalidInput (``amount_too_fine``, ``amount_impossible``, ``currency_unknown``)."""
    if amount.currency not in CURRENCIES:
        raise InvalidInput(f"Stripe does not know {amount.currency}", code="currency_unknown", field="currency")
    coin = _coin(amount.currency)
    counted, rest = divmod(amount.units, coin)
    if rest or counted % _step(amount.currency):
        raise InvalidInput(f"Stripe cannot charge {amount.decimal}", code="amount_too_fine", field="amount")
    if counted <= 0:
        raise InvalidInput("nothing, or less", code="amount_impossible", field="amount")
    return counted


def from_stripe(counted: int, currency: str) -> Money:
    """An amount of Stripe's, in either case of the currency's letters."""
    code = currency.upper()
    return Money(counted * _coin(code), code)


def _limits(code: str) -> Limits:
    least = Money.of(_LEAST[code], code) if code in _LEAST else None
    return Limits(least, from_stripe(_MOST // _step(code) * _step(code), code))


LIMITS: Mapping[str, Limits] = {code: _limits(code) for code in sorted(CURRENCIES)}
"""Least and most of one payment; where Stripe names no least, it asks for half a dollar at the day's rate."""
