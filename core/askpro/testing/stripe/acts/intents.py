"""Payment intents: one for each amount somebody is to pay, however many attempts that takes."""

from __future__ import annotations

from askpro.testing.stripe.acts.details import shipping_of
from askpro.testing.stripe.acts.transfers import destination_book
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import checked_amount, checked_currency
from askpro.testing.stripe.wire.faults import invalid, refused, unexpected_state
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("USAGE", "cancel", "create", "kinds_of", "options_of", "secret_of")

USAGE = ("off_session", "on_session")
_KINDS = ("card", "link", "sepa_debit")
_MISPLACED_FEE = (
    "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key"
    " or Stripe-Account header) or destination payment (using `transfer_data[destination]`)."
)


def secret_of(book: Book, identifier: str) -> str:
    """What a browser would need to look at the intent."""
    return book.new_id(f"{identifier}_secret")


def kinds_of(params: Params, currency: str | None) -> tuple[list[str], bool]:
    """Payment method types, and whether the account's settings chose them. Raises Fault for an unfit one."""
    given = params.strings("payment_method_types")
    if given is None or params.inner("automatic_payment_methods").flag("enabled"):
        if given is not None:
            raise invalid(
                "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
                param="payment_method_types",
            )
        return ["card", "link", *(["sepa_debit"] if currency in ("eur", None) else [])], True
    if not given or any(kind not in _KINDS for kind in given):
        raise invalid(f"Invalid payment_method_types: {', '.join(given)}", param="payment_method_types")
    if "sepa_debit" in given and currency not in ("eur", None):
        raise refused(
            f"The payment method type sepa_debit cannot be used with the currency {currency}; it supports eur.",
            param="payment_method_types",
        )
    return given, False


def options_of(params: Params, kinds: list[str]) -> Obj:
    """``payment_method_options`` as an intent shows them."""
    given = params.inner("payment_method_options")
    options: Obj = {}
    if "card" in kinds:
        card = given.inner("card")
        asked = card.choice("request_three_d_secure", ("any", "automatic", "challenge"), "automatic")
        options["card"] = {"request_three_d_secure": asked}
        if usage := card.choice("setup_future_usage", (*USAGE, "none")):
            options["card"]["setup_future_usage"] = usage
    if "sepa_debit" in kinds:
        options["sepa_debit"] = {}
        if usage := given.inner("sepa_debit").choice("setup_future_usage", (*USAGE, "none")):
            options["sepa_debit"]["setup_future_usage"] = usage
    return options


def create(book: Book, params: Params, *, amount: int, currency: str | None, acting: str = "") -> Obj:
    """A new intent out of the parameters of one, or of a checkout's ``payment_intent_data``."""
    currency = checked_currency(currency)
    amount = checked_amount(amount, currency)
    kinds, automatic = kinds_of(params, currency)
    customer = params.text("customer")
    if customer is not None:
        book.need("customer", customer, param="customer")
    transfer_data = _transfer_data(book, params)
    fee = params.whole("application_fee_amount")
    platform = book.world.owners[book.account].parent
    if fee is not None and not acting and transfer_data is None:
        raise refused(_MISPLACED_FEE, param="application_fee_amount")
    if fee is not None and not 0 < fee <= amount:
        raise refused(
            "Your application fee must be positive and no more than the amount.", param="application_fee_amount"
        )
    identifier = book.new_id("pi")
    redirects = params.inner("automatic_payment_methods").choice("allow_redirects", ("always", "never"), "always")
    thing: Obj = {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": book.world.application(platform) if platform and acting else None,
        "application_fee_amount": fee,
        "automatic_payment_methods": {"allow_redirects": redirects, "enabled": True} if automatic else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.choice("capture_method", ("automatic", "automatic_async"), "automatic_async"),
        "client_secret": secret_of(book, identifier),
        "confirmation_method": params.choice("confirmation_method", ("automatic",), "automatic"),
        "created": book.now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": params.text("description", longest=1000),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": book.livemode,
        "metadata": params.metadata(),
        "next_action": None,
        "on_behalf_of": params.text("on_behalf_of"),
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": options_of(params, kinds),
        "payment_method_types": kinds,
        "processing": None,
        "receipt_email": params.text("receipt_email"),
        "review": None,
        "setup_future_usage": params.choice("setup_future_usage", USAGE),
        "shipping": shipping_of(params),
        "statement_descriptor": None,
        "statement_descriptor_suffix": params.text("statement_descriptor_suffix", longest=22),
        "status": "requires_payment_method",
        "transfer_data": transfer_data,
        "transfer_group": params.text("transfer_group"),
    }
    return book.add(thing)


def _transfer_data(book: Book, params: Params) -> Obj | None:
    given = params.inner("transfer_data")
    if not given.values:
        return None
    destination = given.need("destination")
    destination_book(book, destination, "transfer_data[destination]")
    data: Obj = {"destination": destination}
    if (amount := given.whole("amount")) is not None:
        data["amount"] = amount
    return data


def cancel(book: Book, intent: Obj, reason: str | None) -> Obj:
    """Give up on it. Raises Fault when it is paid, cancelled or on its way through a bank."""
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise unexpected_state(
            "payment_intent",
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            intent,
        )
    intent.update(
        status="canceled", canceled_at=book.now, cancellation_reason=reason, next_action=None, amount_capturable=0
    )
    emit(book, "payment_intent.canceled", intent)
    return intent
