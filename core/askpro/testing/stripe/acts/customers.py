"""Customers."""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.ids import digest
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("new_customer",)


def new_customer(book: Book, **given: Any) -> Obj:
    """A customer with all the fields."""
    identifier = book.new_id("cus", 14)
    thing: Obj = {
        "id": identifier,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": book.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": digest(identifier, 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": book.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **given,
    }
    book.add(thing)
    emit(book, "customer.created", thing)
    return thing
