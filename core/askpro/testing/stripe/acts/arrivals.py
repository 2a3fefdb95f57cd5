"""What a connected account sees of a transfer: a payment that came from its platform."""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import post
from askpro.testing.stripe.acts.details import billing
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("arrival",)


def arrival(book: Book, transfer: str, amount: int, currency: str, at: int) -> Obj:
    """The payment, booked in."""
    identifier = book.new_id("py")
    thing: Obj = {
        "id": identifier,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": post(book, "payment", amount, currency, identifier, at=at)["id"],
        "billing_details": billing(),
        "captured": True,
        "created": book.now,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": book.livemode,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": {"type": "stripe_account", "stripe_account": {}},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": transfer,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }
    book.add(thing)
    emit(book, "charge.succeeded", thing)
    return thing
