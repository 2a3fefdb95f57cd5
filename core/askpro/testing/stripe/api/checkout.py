"""/v1/checkout/sessions"""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.acts.checkouts import expire
from askpro.testing.stripe.acts.intents import kinds_of, options_of
from askpro.testing.stripe.api.line_items import ITEMS, line_items
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import checked_amount, checked_currency
from askpro.testing.stripe.state.world import DAY
from askpro.testing.stripe.wire.faults import Fault, invalid, missing, refused
from askpro.testing.stripe.wire.lists import CREATED, PAGE, page
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_INTENT = """
    payment_intent_data.description payment_intent_data.metadata.* payment_intent_data.setup_future_usage
    payment_intent_data.receipt_email payment_intent_data.statement_descriptor_suffix payment_intent_data.transfer_group
    payment_intent_data.application_fee_amount payment_intent_data.transfer_data.destination
    payment_intent_data.transfer_data.amount payment_intent_data.on_behalf_of payment_intent_data.capture_method
    setup_intent_data.description setup_intent_data.metadata.* setup_intent_data.on_behalf_of
"""
_CREATE = f"""
    mode success_url cancel_url customer customer_email customer_creation client_reference_id metadata.* locale
    currency expires_at submit_type ui_mode billing_address_collection payment_method_types[] {ITEMS} {_INTENT}
    payment_method_options.card.request_three_d_secure payment_method_options.card.setup_future_usage
    payment_method_options.sepa_debit.setup_future_usage allow_promotion_codes automatic_tax.enabled
    saved_payment_method_options.payment_method_save saved_payment_method_options.allow_redisplay_filters[]
    saved_payment_method_options.payment_method_remove custom_text.submit.message custom_text.after_submit.message
    phone_number_collection.enabled tax_id_collection.enabled customer_update.address customer_update.name
    adaptive_pricing.enabled
"""


@route("POST", "/v1/checkout/sessions", _CREATE)
def create(call: Call) -> Obj:
    book, params = call.book, call.params
    mode = params.choice("mode", ("payment", "setup"))
    if mode is None:
        raise missing("mode")
    for name in ("allow_promotion_codes",):
        if params.flag(name):
            raise invalid(f"The stand-in has no {name}.", param=name)
    if params.inner("automatic_tax").flag("enabled"):
        raise invalid("The stand-in has no automatic tax.", param="automatic_tax")
    if not call.world.owners[book.account].thing["charges_enabled"]:
        raise refused("Your account cannot currently make charges; complete its onboarding first.")
    success = params.need("success_url")
    items, amount, currency = _amounts(book, params, mode)
    kinds, _ = kinds_of(params, currency)
    _check_data(params, mode)
    customer = _customer(book, params)
    identifier = book.new_id(f"cs_{book.mode}", 58)
    thing = _session(book, params, identifier, mode)
    thing.update(
        amount_subtotal=amount,
        amount_total=amount,
        currency=currency,
        customer=customer,
        customer_creation=_creation(params, mode, customer),
        payment_method_options=options_of(params, kinds) or {},
        payment_method_types=kinds,
        success_url=success,
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if mode == "payment" else None,
    )
    book.add(thing)
    book.hidden[identifier].update(
        acting=call.acting,
        intent_data=dict(params.inner("payment_intent_data" if mode == "payment" else "setup_intent_data").values),
        line_items=items,
        options=dict(params.inner("payment_method_options").values),
    )
    book.world.later(thing["expires_at"] - book.now, "expire", book, identifier)
    return thing


def _amounts(book: Book, params: Params, mode: str) -> tuple[list[Obj], int | None, str | None]:
    if mode == "setup":
        currency = params.text("currency")
        return [], None, checked_currency(currency) if currency else None
    items = line_items(book, params)
    if not items:
        raise missing("line_items")
    currency = items[0]["currency"]
    if any(one["currency"] != currency for one in items):
        raise refused("All prices on a Checkout Session must have the same currency.", param="line_items")
    total = sum(one["amount_total"] for one in items)
    try:
        return items, checked_amount(total, currency), currency
    except Fault as fault:
        if fault.more.get("code") != "amount_too_small":
            raise
        message = f"The Checkout Session's total amount due must add up to at least the minimum. {fault.message}"
        raise invalid(message, code="amount_too_small") from None


def _check_data(params: Params, mode: str) -> None:
    wrong = "setup_intent_data" if mode == "payment" else "payment_intent_data"
    if wrong in params:
        raise invalid(f"You can not pass `{wrong}` in `{mode}` mode.", param=wrong)
    if mode == "setup" and "currency" not in params and "payment_method_types" not in params:
        raise missing("currency")


def _customer(book: Book, params: Params) -> str | None:
    customer = params.text("customer")
    if customer is not None and "customer_email" in params:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", param="customer_email")
    return book.need("customer", customer, param="customer")["id"] if customer is not None else None


def _creation(params: Params, mode: str, customer: str | None) -> str | None:
    if customer is not None:
        return None
    later = params.inner("payment_intent_data").text("setup_future_usage")
    return params.choice(
        "customer_creation", ("always", "if_required"), "always" if mode == "setup" or later else "if_required"
    )


def _expiry(book: Book, params: Params) -> int:
    at = params.whole("expires_at", book.now + DAY) or 0
    if not book.now + 1800 <= at <= book.now + DAY:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session"
            " creation.",
            param="expires_at",
        )
    return at


def _session(book: Book, params: Params, identifier: str, mode: str) -> Obj:
    custom, saved = params.inner("custom_text"), params.inner("saved_payment_method_options")
    messages = {name: custom.inner(name).text("message") for name in ("after_submit", "submit")}
    filters: Any = saved.strings("allow_redisplay_filters") or ["always"]
    return {
        "id": identifier,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": params.inner("adaptive_pricing").flag("enabled")},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.choice("billing_address_collection", ("auto", "required")),
        "cancel_url": params.text("cancel_url"),
        "client_reference_id": params.text("client_reference_id", longest=200),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": book.now,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            **{name: {"message": words} if words else None for name, words in messages.items()},
            "shipping_address": None,
            "terms_of_service_acceptance": None,
        },
        "customer_account": None,
        "customer_details": None,
        "customer_email": params.text("customer_email"),
        "discounts": [],
        "expires_at": _expiry(book, params),
        "invoice": None,
        "invoice_creation": None,
        "livemode": book.livemode,
        "locale": params.text("locale"),
        "metadata": params.metadata(),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if mode == "payment" else "always",
        "payment_method_configuration_details": None,
        "payment_status": "unpaid" if mode == "payment" else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": params.inner("phone_number_collection").flag("enabled")},
        "recovered_from": None,
        "saved_payment_method_options": {
            "allow_redisplay_filters": filters,
            "payment_method_remove": saved.choice("payment_method_remove", ("disabled", "enabled"), "disabled"),
            "payment_method_save": saved.choice("payment_method_save", ("disabled", "enabled")),
        }
        if mode == "payment"
        else None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.choice("submit_type", ("auto", "book", "donate", "pay")),
        "subscription": None,
        "ui_mode": params.choice("ui_mode", ("hosted_page",), "hosted_page"),
        "url": f"{book.world.base_url}/c/pay/{identifier}",
        "wallet_options": None,
    }


@route("GET", "/v1/checkout/sessions", f"{CREATED} customer payment_intent status")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("customer", "payment_intent", "status") if name in call.params}
    found = [
        one for one in call.book.every("checkout.session") if all(one[name] == value for name, value in wanted.items())
    ]
    return page(call, found, "/v1/checkout/sessions")


@route("GET", "/v1/checkout/sessions/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("checkout.session", call.id)


@route("POST", "/v1/checkout/sessions/{id}", "metadata.*")
def update(call: Call) -> Obj:
    session = call.book.need("checkout.session", call.id)
    session["metadata"] = call.params.metadata(session["metadata"])
    return session


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire_session(call: Call) -> Obj:
    return expire(call.book, call.book.need("checkout.session", call.id))


@route("GET", "/v1/checkout/sessions/{id}/line_items", PAGE)
def items_of(call: Call) -> Obj:
    call.book.need("checkout.session", call.id)
    items = list(reversed(call.book.hidden[call.id]["line_items"]))
    return page(call, items, f"/v1/checkout/sessions/{call.id}/line_items")
