"""Charges: one for each attempt at somebody's money."""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.acts.balance import SETTLES, post, stripe_fee
from askpro.testing.stripe.acts.fees import collect
from askpro.testing.stripe.acts.methods import card_of
from askpro.testing.stripe.acts.transfers import to_destination
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.cards import Decline
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("book_in", "failed_charge", "new_charge")


_OF_BANK = ("bank_code", "branch_code", "country", "fingerprint", "last4")
_OF_CARD = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")


def new_charge(book: Book, intent: Obj, method: Obj, status: str, mandate: str | None = None, **values: Any) -> Obj:
    """A charge for an intent, in the state the bank has put it in."""
    paid = status == "succeeded"
    thing: Obj = {
        "id": book.new_id("py" if method["type"] == "sepa_debit" else "ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if status == "failed" else intent["amount"],
        "amount_refunded": 0,
        "application": intent["application"],
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": dict(method["billing_details"]),
        "calculated_statement_descriptor": "STAND-IN",
        "captured": status != "failed",
        "created": book.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": book.livemode,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": _outcome("authorized", "approved_by_network", "Payment complete."),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, mandate, intent["amount"]),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{book.world.base_url}/receipts/{intent['id']}" if paid else None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        **values,
    }
    if (data := intent["transfer_data"]) is not None:
        thing["transfer_data"] = {"amount": data.get("amount"), "destination": data["destination"]}
    return book.add(thing)


def _details(method: Obj, mandate: str | None, amount: int) -> Obj:
    kind = method["type"]
    known = method[kind]
    if kind == "sepa_debit":
        return {"type": kind, kind: {**{name: known[name] for name in _OF_BANK}, "mandate": mandate}}
    return {
        "type": kind,
        kind: {
            **{name: known[name] for name in _OF_CARD},
            "amount_authorized": amount,
            "installments": None,
            "mandate": None,
            "network": known["brand"],
            "network_token": {"used": False},
            "regulated_status": "unregulated",
            "three_d_secure": None,
        },
    }


def _outcome(network: str, kind: str, text: str, *, reason: str | None = None, decline: Decline | None = None) -> Obj:
    return {
        "advice_code": decline.advice if decline else None,
        "network_advice_code": None,
        "network_decline_code": decline.network if decline else None,
        "network_status": kind,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": text,
        "type": network,
    }


def failed_charge(book: Book, intent: Obj, method: Obj, decline: Decline) -> Obj:
    """A charge the bank would not have."""
    thing = new_charge(
        book,
        intent,
        method,
        "failed",
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(
            "issuer_declined",
            "declined_by_network",
            "The bank declined the payment.",
            reason=decline.decline_code,
            decline=decline,
        ),
    )
    emit(book, "charge.failed", thing)
    return thing


def book_in(book: Book, charge: Obj, method: Obj) -> None:
    """The money is there: Stripe's fee, the platform's, and what goes on to somebody else."""
    card = card_of(book, method)
    at_once = card is not None and "available" in card.after
    application_fee = charge["application_fee_amount"] or 0
    direct = application_fee if charge["transfer_data"] is None else 0
    line = post(
        book,
        "payment" if method["type"] == "sepa_debit" else "charge",
        charge["amount"],
        charge["currency"],
        charge["id"],
        fees=[stripe_fee(charge["amount"], charge["currency"], method["type"])],
        application_fee=direct,
        application=charge["application"] if direct else None,
        at=book.now if at_once else book.now + SETTLES,
        description=charge["description"],
    )
    charge["balance_transaction"] = line["id"]
    if direct:
        charge["application_fee"] = collect(book, charge, direct, at=line["available_on"])["id"]
    if charge["transfer_data"] is not None:
        to_destination(book, charge, at=line["available_on"])
