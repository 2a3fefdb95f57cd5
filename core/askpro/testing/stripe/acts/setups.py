"""Setup intents: a method is saved without a payment."""

from __future__ import annotations

import copy

from askpro.testing.stripe.acts.attempts import Attempt
from askpro.testing.stripe.acts.declines import card_fault, last_error
from askpro.testing.stripe.acts.intents import USAGE, kinds_of, options_of, secret_of
from askpro.testing.stripe.acts.mandates import active_mandate, give
from askpro.testing.stripe.acts.methods import attach, card_of, usable
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.cards import DECLINES
from askpro.testing.stripe.wire.faults import refused, unexpected_state
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("cancel_setup", "confirm_setup", "create_setup", "setup_authenticated")


def create_setup(book: Book, params: Params, *, acting: str = "") -> Obj:
    """A new setup intent."""
    kinds, automatic = kinds_of(params, None)
    customer = params.text("customer")
    if customer is not None:
        book.need("customer", customer, param="customer")
    identifier = book.new_id("seti")
    redirects = params.inner("automatic_payment_methods").choice("allow_redirects", ("always", "never"), "always")
    return book.add(
        {
            "id": identifier,
            "object": "setup_intent",
            "application": book.world.application(acting) if acting else None,
            "automatic_payment_methods": {"allow_redirects": redirects, "enabled": True} if automatic else None,
            "cancellation_reason": None,
            "client_secret": secret_of(book, identifier),
            "created": book.now,
            "customer": customer,
            "customer_account": None,
            "description": params.text("description"),
            "excluded_payment_method_types": None,
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": book.livemode,
            "mandate": None,
            "metadata": params.metadata(),
            "next_action": None,
            "on_behalf_of": params.text("on_behalf_of"),
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": options_of(params, kinds),
            "payment_method_types": kinds,
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": params.choice("usage", USAGE, "off_session"),
        }
    )


def confirm_setup(book: Book, intent: Obj, method: Obj, attempt: Attempt) -> None:
    """Ask the bank. Raises Fault when it declines."""
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise unexpected_state(
            "setup_intent",
            f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
            intent,
        )
    if method["type"] not in intent["payment_method_types"]:
        raise refused(f"The PaymentMethod provided ({method['type']}) is not allowed for this SetupIntent.",
                      param="payment_method")  # fmt: skip
    usable(book, method, intent["customer"], "SetupIntent")
    intent.update(payment_method=method["id"], last_setup_error=None, next_action=None)
    if method["type"] == "sepa_debit":
        mandate = give(book, method, attempt.acceptance) if attempt.acceptance else active_mandate(book, method)
        if mandate is None:
            raise refused(
                "This SetupIntent requires a mandate. Provide the customer's acceptance in the mandate_data parameter.",
                code="setup_intent_mandate_invalid",
                param="mandate_data",
            )
        intent["mandate"] = mandate["id"]
        _done(book, intent, method)
        return
    card = card_of(book, method)
    if card is not None and card.sca != "never":
        url = f"{book.world.base_url}/3ds/{intent['id']}"
        book.hidden[intent["id"]]["return_url"] = attempt.return_url
        if attempt.return_url:
            action: Obj = {"type": "redirect_to_url", "redirect_to_url": {"return_url": attempt.return_url, "url": url}}
        else:
            action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
        intent.update(status="requires_action", next_action=action)
        emit(book, "setup_intent.requires_action", intent)
        return
    _done(book, intent, method)


def setup_authenticated(book: Book, intent: Obj, passed: bool) -> None:
    """The customer has come back from the bank. Raises Fault when it did not know them."""
    if intent["status"] != "requires_action":
        raise unexpected_state("setup_intent", "This SetupIntent does not wait for its customer.", intent)
    method = book.objects[intent["payment_method"]]
    intent["next_action"] = None
    if passed:
        _done(book, intent, method)
        return
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    code = "setup_intent_authentication_failure"
    _back(book, intent, {"code": code, "message": message, "type": "invalid_request_error"}, method)
    raise refused(message, code=code, setup_intent=copy.deepcopy(intent))


def cancel_setup(book: Book, intent: Obj, reason: str | None) -> Obj:
    """Give up on it. Raises Fault when it is over already."""
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected_state(
            "setup_intent", f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.", intent
        )
    intent.update(status="canceled", cancellation_reason=reason, next_action=None)
    emit(book, "setup_intent.canceled", intent)
    return intent


def _done(book: Book, intent: Obj, method: Obj) -> None:
    card = card_of(book, method)
    if card is not None and card.decline and not card.attaches:
        decline = DECLINES[card.decline]
        _back(book, intent, last_error(decline, method), method)
        raise card_fault(decline, setup_intent=copy.deepcopy(intent), payment_method=copy.deepcopy(method))
    if intent["customer"]:
        attach(book, method, intent["customer"])
    book.hidden[method["id"]]["set_up"] = True
    intent.update(status="succeeded")
    emit(book, "setup_intent.succeeded", intent)


def _back(book: Book, intent: Obj, error: Obj, method: Obj) -> None:
    error = {**error, "payment_method": copy.deepcopy(method)}
    intent.update(status="requires_payment_method", last_setup_error=error, payment_method=None)
    emit(book, "setup_intent.setup_failed", intent)
