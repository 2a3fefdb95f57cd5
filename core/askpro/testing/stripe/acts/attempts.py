"""An attempt at a payment: what the bank asks, and what it says in the end."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from askpro.testing.stripe.acts.charges import book_in, failed_charge, new_charge
from askpro.testing.stripe.acts.checkoutlinks import follow
from askpro.testing.stripe.acts.declines import card_fault, last_error
from askpro.testing.stripe.acts.mandates import active_mandate, give
from askpro.testing.stripe.acts.methods import attach, bank_of, card_of, usable
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.banks import FAILURES
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.cards import DECLINES, Card, Decline
from askpro.testing.stripe.wire.faults import refused, unexpected_state
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("AFTERMATH", "Attempt", "authenticated", "challenge", "confirm", "settle")

AFTERMATH = {"dispute": "dispute", "inquiry": "inquiry"}
"""What follows a payment that went through → the timer that brings it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a payment is tried. ``acceptance`` is the customer's of a mandate, where one is needed."""

    off_session: bool = False
    refuse_actions: bool = False
    return_url: str | None = None
    acceptance: Obj | None = None


def confirm(book: Book, intent: Obj, method: Obj, attempt: Attempt) -> None:
    """Try to take the money. Raises Fault when the bank declines; the intent then waits for another method."""
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise unexpected_state(
            "payment_intent",
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            intent,
        )
    if method["type"] not in intent["payment_method_types"]:
        allowed = ", ".join(intent["payment_method_types"])
        raise refused(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. Please attach a"
            f" PaymentMethod of one of the following types: {allowed}.",
            code="payment_intent_incompatible_payment_method",
            param="payment_method",
        )
    usable(book, method, intent["customer"], "PaymentIntent")
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    if method["type"] == "sepa_debit":
        _debit(book, intent, method, attempt)
        return
    card = card_of(book, method)
    if card is None:
        raise LookupError(f"{method['id']} is no card of ours")
    if challenge(card, off_session=attempt.off_session, set_up=bool(book.hidden[method["id"]].get("set_up"))):
        if attempt.off_session or attempt.refuse_actions:
            raise _fail(book, intent, method, DECLINES["authentication_required"])
        intent.update(status="requires_action", next_action=_action(book, intent, attempt.return_url))
        emit(book, "payment_intent.requires_action", intent)
        return
    _charge(book, intent, method, card)


def challenge(card: Card, *, off_session: bool, set_up: bool) -> bool:
    """Whether the bank wants to see its customer."""
    if not off_session:
        return card.sca != "never"
    return card.sca == "always" or (card.sca == "unless_set_up" and not set_up)


def authenticated(book: Book, intent: Obj, passed: bool) -> None:
    """The customer has come back from the bank. Raises Fault when it did not know them, or declines after all."""
    method = book.objects[intent["payment_method"]]
    card = card_of(book, method)
    if intent["status"] != "requires_action" or card is None:
        raise unexpected_state("payment_intent", "This PaymentIntent does not wait for its customer.", intent)
    intent["next_action"] = None
    if passed:
        _charge(book, intent, method, card)
        return
    error = {
        "code": "payment_intent_authentication_failure",
        "message": "We are unable to authenticate your payment method. Please choose a different payment method and try"
        " again.",
        "payment_method": copy.deepcopy(method),
        "type": "invalid_request_error",
    }
    _back(book, intent, method, error)
    raise refused(str(error["message"]), code="payment_intent_authentication_failure", payment_intent=intent)


def settle(book: Book, intent: Obj, outcome: str) -> None:
    """A debit's bank answers: ``succeeded``, ``disputed`` (paid, and then not), or one of ``FAILURES``."""
    if intent["status"] != "processing":
        return
    charge, method = book.objects[intent["latest_charge"]], book.objects[intent["payment_method"]]
    if outcome in FAILURES:
        words = FAILURES[outcome]
        charge.update(status="failed", paid=False, captured=False, failure_code=outcome, failure_message=words)
        emit(book, "charge.failed", charge)
        error = {"charge": charge["id"], "code": outcome, "message": words, "type": "card_error"}
        _back(book, intent, method, {**error, "payment_method": copy.deepcopy(method)})
    else:
        charge.update(status="succeeded", paid=True)
        _paid(book, intent, method, charge)
        if outcome == "disputed":
            book.world.later(0, "dispute", book, charge["id"], "debit_not_authorized")
    follow(book, intent)


def _charge(book: Book, intent: Obj, method: Obj, card: Card) -> None:
    if card.decline:
        raise _fail(book, intent, method, DECLINES[card.decline])
    _save(book, intent, method)
    charge = new_charge(book, intent, method, "succeeded")
    _paid(book, intent, method, charge)
    for what, timer in AFTERMATH.items():
        if what in card.after:
            book.world.later(0, timer, book, charge["id"], "fraudulent")


def _paid(book: Book, intent: Obj, method: Obj, charge: Obj) -> None:
    book_in(book, charge, method)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        processing=None,
        next_action=None,
        transfer_group=charge["transfer_group"],
    )
    emit(book, "charge.succeeded", charge)
    emit(book, "payment_intent.succeeded", intent)


def _debit(book: Book, intent: Obj, method: Obj, attempt: Attempt) -> None:
    mandate = give(book, method, attempt.acceptance) if attempt.acceptance else active_mandate(book, method)
    if mandate is None:
        raise refused(
            "This PaymentIntent requires a mandate, but no existing mandate was found. Collect mandate acceptance from"
            " the customer and retry the request, providing acceptance data in the mandate_data parameter.",
            code="payment_intent_mandate_invalid",
            param="mandate_data",
        )
    _save(book, intent, method)
    charge = new_charge(book, intent, method, "pending", mandate["id"])
    intent.update(status="processing", latest_charge=charge["id"])
    emit(book, "charge.pending", charge)
    emit(book, "payment_intent.processing", intent)
    account = bank_of(book, method)
    if account is not None and account.outcome:
        book.world.later(account.wait, "debit", book, intent["id"], account.outcome)


def _save(book: Book, intent: Obj, method: Obj) -> None:
    """Keep the method for later, or see that it is not used again."""
    options = (intent["payment_method_options"] or {}).get(method["type"], {})
    usage = options.get("setup_future_usage") or intent["setup_future_usage"]
    if usage in ("off_session", "on_session") and intent["customer"]:
        attach(book, method, intent["customer"])
        book.hidden[method["id"]]["set_up"] = True
    elif method["customer"] is None:
        book.hidden[method["id"]]["spent"] = True


def _fail(book: Book, intent: Obj, method: Obj, decline: Decline) -> Exception:
    charge = failed_charge(book, intent, method, decline)
    intent["latest_charge"] = charge["id"]
    _back(book, intent, method, last_error(decline, method, charge["id"]))
    return card_fault(
        decline, charge=charge["id"], payment_intent=copy.deepcopy(intent), payment_method=copy.deepcopy(method)
    )


def _back(book: Book, intent: Obj, method: Obj, error: Obj) -> None:
    intent.update(status="requires_payment_method", last_payment_error=error, payment_method=None, processing=None)
    if method["customer"] is None:
        book.hidden[method["id"]]["spent"] = True
    emit(book, "payment_intent.payment_failed", intent)


def _action(book: Book, intent: Obj, return_url: str | None) -> Obj:
    url = f"{book.world.base_url}/3ds/{intent['id']}"
    book.hidden[intent["id"]]["return_url"] = return_url
    if return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
