"""Mandates: a customer's leave to debit a bank account."""

from __future__ import annotations

from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.ids import digest
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("BY_PAGE", "accepted", "active_mandate", "deactivate", "give")

BY_PAGE: Obj = {"online": {"ip_address": "203.0.113.7", "user_agent": "Stand-in/1.0"}, "type": "online"}
"""How it is accepted on a hosted page."""


def accepted(params: Params) -> Obj | None:
    """How the customer accepted, out of ``mandate_data``; None where there is none."""
    given = params.inner("mandate_data").inner("customer_acceptance")
    kind = given.choice("type", ("online", "offline"))
    if kind is None:
        return None
    acceptance: Obj = {"type": kind}
    if when := given.whole("accepted_at"):
        acceptance["accepted_at"] = when
    if kind == "online":
        online = given.inner("online")
        acceptance["online"] = {"ip_address": online.need("ip_address"), "user_agent": online.need("user_agent")}
    else:
        acceptance["offline"] = {}
    return acceptance


def active_mandate(book: Book, method: Obj) -> Obj | None:
    """The mandate under which a method may be debited."""
    known = book.objects.get(book.hidden[method["id"]].get("mandate", ""))
    return known if known is not None and known["status"] == "active" else None


def give(book: Book, method: Obj, acceptance: Obj) -> Obj:
    """A new mandate for a bank account."""
    identifier = book.new_id("mandate")
    thing: Obj = {
        "id": identifier,
        "object": "mandate",
        "customer_acceptance": {"accepted_at": book.now, **acceptance},
        "livemode": book.livemode,
        "multi_use": {},
        "payment_method": method["id"],
        "payment_method_details": {
            "sepa_debit": {
                "reference": digest(identifier).upper(),
                "url": f"{book.world.base_url}/mandates/{identifier}",
            },
            "type": "sepa_debit",
        },
        "status": "active",
        "type": "multi_use",
    }
    book.hidden[method["id"]]["mandate"] = identifier
    return book.add(thing)


def deactivate(book: Book, method: Obj) -> None:
    """The customer takes leave back."""
    if (mandate := active_mandate(book, method)) is not None:
        change(book, "mandate.updated", mandate, status="inactive")
