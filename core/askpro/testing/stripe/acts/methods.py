"""Payment methods: cards and bank accounts, and whether they may be used, saved and used again."""

from __future__ import annotations

from askpro.testing.stripe.acts.declines import card_fault
from askpro.testing.stripe.acts.details import billing
from askpro.testing.stripe.acts.mandates import deactivate
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.banks import Bank, bank
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.cards import BY_NUMBER, CARDS, DECLINES, Card
from askpro.testing.stripe.state.ids import digest
from askpro.testing.stripe.wire.faults import no_such, refused
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("attach", "bank_of", "card_of", "detach", "from_bank", "from_card", "resolve", "usable")

_SPENT = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a"
    " connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use"
    " a PaymentMethod multiple times, you must attach it to a Customer first."
)


def from_card(book: Book, card: Card, details: Obj | None = None, *, month: int = 12, year: int = 0) -> Obj:
    """A new payment method of that card, which nobody has saved."""
    thing = _method(book, "card", details)
    thing["card"] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year or 2040,
        "fingerprint": digest(f"card:{card.number}:{book.account}"),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    book.hidden[thing["id"]]["card"] = card.number
    return book.add(thing)


def from_bank(book: Book, account: Bank, details: Obj | None = None) -> Obj:
    """A new payment method of that bank account."""
    thing = _method(book, "sepa_debit", details)
    thing["sepa_debit"] = {
        "bank_code": account.iban[4:12],
        "branch_code": "",
        "country": account.iban[:2],
        "fingerprint": digest(f"bank:{account.iban}:{book.account}"),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": account.iban[-4:],
    }
    book.hidden[thing["id"]]["iban"] = account.iban
    return book.add(thing)


def _method(book: Book, kind: str, details: Obj | None) -> Obj:
    return {
        "id": book.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing(**(details or {})),
        "created": book.now,
        "customer": None,
        "customer_account": None,
        "livemode": book.livemode,
        "metadata": {},
        "type": kind,
    }


def card_of(book: Book, method: Obj) -> Card | None:
    """The card behind a payment method."""
    number = book.hidden[method["id"]].get("card")
    return BY_NUMBER[number] if number else None


def bank_of(book: Book, method: Obj) -> Bank | None:
    """The bank account behind a payment method."""
    iban = book.hidden[method["id"]].get("iban")
    return bank(iban) if iban else None


def resolve(book: Book, word: str, *, param: str | None = "payment_method", by_hand: bool = False) -> Obj:
    """A payment method by its id, or a new one by a test token. Live mode knows tokens only on our own pages."""
    account = bank(word) if word.startswith("pm_") else None
    if word in CARDS or account is not None:
        if book.livemode and not by_hand:
            raise no_such("PaymentMethod", word, param=param, other_mode="test", status=400)
        if account is not None:
            return from_bank(book, account, {"name": "Jenny Rosen", "email": "jenny.rosen@example.com"})
        return from_card(book, CARDS[word])
    return book.need("payment_method", word, param=param)


def usable(book: Book, method: Obj, customer: str | None, what: str) -> None:
    """Raises Fault when the method is somebody else's, or was used up."""
    owner = method["customer"]
    if owner is not None and owner != customer:
        hint = (
            f"Please include the Customer in the `customer` parameter on the {what}."
            if customer is None
            else f"Please update the {what} to use it."
        )
        raise refused(
            f"The PaymentMethod {method['id']} belongs to a different Customer. {hint}", param="payment_method"
        )
    if owner is None and book.hidden[method["id"]].get("spent"):
        raise refused(_SPENT, param="payment_method")


def attach(book: Book, method: Obj, customer: str) -> Obj:
    """Save a method for a customer; the bank may object. Raises Fault."""
    if method["customer"] == customer:
        return method
    if method["customer"] is not None:
        raise refused("The payment method you provided has already been attached to a customer.")
    if book.hidden[method["id"]].get("spent"):
        raise refused(_SPENT)
    card = card_of(book, method)
    if card is not None and card.decline and not card.attaches:
        raise card_fault(DECLINES[card.decline])
    method["customer"] = customer
    emit(book, "payment_method.attached", method)
    return method


def detach(book: Book, method: Obj) -> Obj:
    """Take a method away from its customer, for good."""
    owner = method["customer"]
    if owner is None:
        raise refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    book.hidden[method["id"]]["spent"] = True
    deactivate(book, method)
    customer = book.objects[owner]
    settings = customer.get("invoice_settings")
    if settings is not None and settings["default_payment_method"] == method["id"]:
        previous = dict(settings)
        settings["default_payment_method"] = None
        emit(book, "customer.updated", customer, {"invoice_settings": previous})
    emit(book, "payment_method.detached", method, {"customer": owner})
    return method
