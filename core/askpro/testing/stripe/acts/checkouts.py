"""Checkout sessions: Stripe's own payment page, from its making to the customer's choice."""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.acts.attempts import Attempt, authenticated, confirm
from askpro.testing.stripe.acts.checkoutlinks import session_of
from askpro.testing.stripe.acts.customers import new_customer
from askpro.testing.stripe.acts.intents import cancel, create
from askpro.testing.stripe.acts.mandates import BY_PAGE
from askpro.testing.stripe.acts.methods import resolve
from askpro.testing.stripe.acts.setups import cancel_setup, confirm_setup, create_setup, setup_authenticated
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("expire", "finish", "finish_challenge", "return_address")


def finish(book: Book, session: Obj, method_word: str, *, save: bool = False, email: str | None = None) -> None:
    """The customer presses the button with that method (an id, or a test token).

    Raises Fault when the bank declines; the page then stays open. When the bank asks for more, the intent waits for
    ``finish_challenge``.
    """
    _must_be_open(session)
    _customer(book, session, email)
    method = resolve(book, method_word, by_hand=True)
    if method["customer"] is None:
        details = method["billing_details"]
        method["billing_details"] = {**details, "email": details["email"] or _email(book, session)}
    intent = _intent(book, session)
    if save and session["customer"] and intent["object"] == "payment_intent":
        intent["setup_future_usage"] = intent["setup_future_usage"] or "on_session"
        method["allow_redisplay"] = "always"
    attempt = Attempt(return_url=session["success_url"], acceptance=BY_PAGE if method["type"] == "sepa_debit" else None)
    if intent["object"] == "payment_intent":
        confirm(book, intent, method, attempt)
    else:
        confirm_setup(book, intent, method, attempt)
    _complete(book, session, intent)


def finish_challenge(book: Book, intent: Obj, passed: bool) -> Obj | None:
    """The customer comes back from the bank; the session, if there is one. Raises Fault when the bank declines."""
    if intent["object"] == "payment_intent":
        authenticated(book, intent, passed)
    else:
        setup_authenticated(book, intent, passed)
    session = session_of(book, intent)
    if session is not None and session["status"] == "open":
        _complete(book, session, intent)
    return session


def expire(book: Book, session: Obj) -> Obj:
    """Close the page. Raises Fault unless it is open."""
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" `{session['status']}`.",
        )
    for kind, give_up in (("payment_intent", cancel), ("setup_intent", cancel_setup)):
        if (identifier := session[kind]) is not None:
            give_up(book, book.objects[identifier], "abandoned")
    session.update(status="expired", url=None)
    emit(book, "checkout.session.expired", session)
    return session


def return_address(session: Obj) -> str:
    """Where the customer goes when it is done."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _must_be_open(session: Obj) -> None:
    if session["status"] != "open":
        raise refused(f"This Checkout Session has a status of `{session['status']}`.")


def _email(book: Book, session: Obj) -> str:
    customer = book.objects.get(session["customer"] or "", {})
    return str(session["customer_email"] or customer.get("email") or "jenny.rosen@example.com")


def _customer(book: Book, session: Obj, email: str | None) -> None:
    if email and not session["customer_email"]:
        session["customer_email"] = email
    if session["customer"] is None and session["customer_creation"] == "always":
        session["customer"] = new_customer(book, email=_email(book, session))["id"]


def _intent(book: Book, session: Obj) -> Obj:
    """The session's intent; made when somebody tries to pay, not when the page is."""
    kind = "payment_intent" if session["mode"] == "payment" else "setup_intent"
    if session[kind] is not None:
        return book.objects[session[kind]]
    hidden = book.hidden[session["id"]]
    values: dict[str, Any] = dict(hidden["intent_data"])
    if session["customer"]:
        values["customer"] = session["customer"]
    values["payment_method_types"] = list(session["payment_method_types"])
    if hidden["options"]:
        values["payment_method_options"] = hidden["options"]
    params = Params(values)
    if kind == "payment_intent":
        acting = hidden["acting"]
        intent = create(book, params, amount=session["amount_total"], currency=session["currency"], acting=acting)
        emit(book, "payment_intent.created", intent)
    else:
        intent = create_setup(book, params, acting=hidden["acting"])
        emit(book, "setup_intent.created", intent)
    session[kind] = intent["id"]
    return intent


def _complete(book: Book, session: Obj, intent: Obj) -> None:
    if intent["status"] not in ("succeeded", "processing"):
        return
    method = book.objects[intent["payment_method"]]
    details = method["billing_details"]
    paid = "paid" if intent["status"] == "succeeded" else "unpaid"
    session.update(
        status="complete",
        url=None,
        payment_status=paid if session["mode"] == "payment" else "no_payment_required",
        customer_details={
            "address": details["address"],
            "business_name": None,
            "email": _email(book, session),
            "individual_name": None,
            "name": details["name"],
            "phone": details["phone"],
            "tax_exempt": "none",
            "tax_ids": [],
        },
    )
    emit(book, "checkout.session.completed", session)
