"""Stripe's own books: what came in, what it cost, when it can be paid out.

Everything settles in the currency it was charged in, unless the world says otherwise (``World.exchange``). Prices are
those of a card of the European Economic Area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import decimals
from askpro.testing.stripe.state.world import DAY
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("SETTLES", "available", "balance_of", "free", "held", "post", "stripe_fee")

SETTLES = 7 * DAY
"""Until money that came in can be paid out."""

_CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment_failure_refund": "charge_failure",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "transfer_refund": "transfer_reversal",
}


def stripe_fee(amount: int, currency: str, kind: str) -> Obj:
    """What Stripe keeps of a payment: 1.5 % and 0.25 of a card's, 0.35 of a debit's."""
    unit = 10 ** decimals(currency)
    fee = 35 * unit // 100 if kind == "sepa_debit" else (amount * 15 + 500) // 1000 + 25 * unit // 100
    return _fee("stripe_fee", fee, currency, "Stripe processing fees")


def _fee(kind: str, amount: int, currency: str, text: str, application: str | None = None) -> Obj:
    return {"amount": amount, "application": application, "currency": currency, "description": text, "type": kind}


def _exchanged(amount: int, rate: Fraction) -> int:
    """Half up, from the smallest coins of one to those of the other."""
    counted = (abs(amount) * rate + Fraction(1, 2)) // 1
    return -counted if amount < 0 else counted


def post(
    book: Book,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fees: Sequence[Obj] = (),
    application_fee: int = 0,
    application: str | None = None,
    at: int | None = None,
    category: str | None = None,
    description: str | None = None,
) -> Obj:
    """One line; ``amount`` is negative for what goes out. ``at`` is when it becomes available, if not at once."""
    details = list(fees)
    if application_fee:
        details.append(_fee("application_fee", application_fee, currency, "Application fee", application))
    into, rate = book.world.exchange.get(currency, (currency, None))
    if rate is not None:
        currency, amount = into, _exchanged(amount, rate)
        details = [{**one, "amount": _exchanged(one["amount"], rate), "currency": into} for one in details]
    fee = sum(one["amount"] for one in details)
    at = book.now if at is None else at
    line: Obj = {
        "id": book.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": at,
        "balance_type": "payments",
        "created": book.now,
        "currency": currency,
        "description": description,
        "exchange_rate": None if rate is None else float(rate),  # shown, never reckoned with
        "fee": fee,
        "fee_details": details,
        "net": amount - fee,
        "reporting_category": category or _CATEGORIES.get(kind, kind),
        "source": source,
        "status": "pending" if at > book.now else "available",
        "type": kind,
    }
    if at > book.now:
        book.world.later(at - book.now, "funds", book, line["id"])
    return book.add(line)


def available(book: Book, line: Obj) -> None:
    """Money becomes available."""
    line["status"] = "available"


def free(book: Book, currency: str) -> int:
    """What could be paid out now."""
    return sum(
        one["net"]
        for one in book.every("balance_transaction")
        if one["currency"] == currency and one["status"] == "available"
    )


def held(book: Book, currency: str) -> int:
    """All that is there, available or on its way."""
    return sum(one["net"] for one in book.every("balance_transaction") if one["currency"] == currency)


def balance_of(book: Book) -> Obj:
    """The balance object."""
    sums: dict[str, defaultdict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for line in book.every("balance_transaction"):
        sums[line["status"]][line["currency"]] += line["net"]
    currencies = sorted({currency for column in sums.values() for currency in column})
    currencies = currencies or [book.world.owners[book.account].thing["default_currency"]]
    return {
        "object": "balance",
        "livemode": book.livemode,
        **{
            name: [
                {"amount": column[currency], "currency": currency, "source_types": {"card": column[currency]}}
                for currency in currencies
            ]
            for name, column in sums.items()
        },
    }
