"""Minor units and the least and most that may be charged.

Stripe counts in the smallest unit of a currency. Some have none below the whole, some have a thousandth; of the
latter the last digit must be nought. Least amounts are Stripe's; where it names none, half a dollar, roughly.
"""

from __future__ import annotations

from askpro.testing.stripe.wire.faults import invalid

__all__ = ("MOST", "checked_amount", "checked_currency", "decimals", "shown")

_NONE = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_THREE = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
_LEAST = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "krw": 700, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "bhd": 190, "jod": 360,
    "kwd": 160, "omr": 200, "tnd": 1560,
}  # fmt: skip

MOST = 99_999_999
"""Eight digits, whatever the currency."""


def checked_currency(code: str | None, param: str = "currency") -> str:
    """The code in small letters. Raises Fault when it is not a currency."""
    known = (code or "").lower()
    if known not in _LEAST and known not in _NONE:
        raise invalid(f"Invalid currency: {code}. Stripe currently supports other currencies.", param=param)
    return known


def checked_amount(amount: int, currency: str, param: str = "amount") -> int:
    """The amount, if it may be charged. Raises Fault: amount_too_small, amount_too_large."""
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param=param, code="parameter_invalid_integer")
    least = _LEAST.get(currency, 50)
    if amount < least:
        raise invalid(f"Amount must be at least {shown(least, currency)}", param=param, code="amount_too_small")
    if amount > MOST:
        raise invalid(f"Amount must be no more than {shown(MOST, currency)}", param=param, code="amount_too_large")
    if currency in _THREE and amount % 10:
        raise invalid(f"Invalid amount: in {currency} the last digit must be 0", param=param)
    return amount


def decimals(currency: str) -> int:
    """How many digits stand behind the point."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def shown(amount: int, currency: str) -> str:
    """The amount for people: ``12.50 eur``."""
    places = decimals(currency)
    whole, rest = divmod(amount, 10**places)
    return f"{whole}.{rest:0{places}d} {currency}" if places else f"{whole} {currency}"
