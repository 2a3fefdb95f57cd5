"""/v1/payment_intents"""

from __future__ import annotations

from askpro.testing.stripe.acts.attempts import Attempt, confirm
from askpro.testing.stripe.acts.intents import USAGE, cancel, create
from askpro.testing.stripe.acts.mandates import accepted, active_mandate
from askpro.testing.stripe.acts.methods import resolve, usable
from askpro.testing.stripe.api.payment_methods import DATA, from_data
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.currencies import checked_amount
from askpro.testing.stripe.wire.faults import invalid, refused, unexpected_state
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_METHOD = "payment_method " + " ".join(f"payment_method_data.{one}" for one in DATA.split() if "card." not in one)
_CONFIRM = f"""
    {_METHOD} error_on_requires_action off_session return_url receipt_email setup_future_usage mandate
    mandate_data.customer_acceptance.type mandate_data.customer_acceptance.accepted_at
    mandate_data.customer_acceptance.online.* mandate_data.customer_acceptance.offline use_stripe_sdk
    payment_method_types[] payment_method_options.card.request_three_d_secure
    payment_method_options.card.setup_future_usage payment_method_options.sepa_debit.setup_future_usage
"""
_CREATE = f"""
    {_CONFIRM} amount currency customer description metadata.* confirm capture_method confirmation_method
    automatic_payment_methods.enabled automatic_payment_methods.allow_redirects statement_descriptor_suffix
    shipping.* application_fee_amount transfer_data.destination transfer_data.amount on_behalf_of transfer_group
"""


@route("POST", "/v1/payment_intents", _CREATE)
def create_intent(call: Call) -> Obj:
    book, params = call.book, call.params
    amount = params.need_whole("amount")
    params.need("currency")
    confirms = params.flag("confirm")
    for name in ("error_on_requires_action", "off_session", "return_url", "mandate_data"):
        if name in params and not confirms:
            raise invalid(f"The parameter `{name}` can only be passed with `confirm=true`.", param=name)
    _chargeable(call)
    if "payment_method" in params and "payment_method_data" in params:
        raise invalid("You may only specify one of these parameters: payment_method, payment_method_data.")
    method = _method(call)
    if method is not None:
        usable(book, method, params.text("customer"), "PaymentIntent")
    intent = create(book, params, amount=amount, currency=params.text("currency"), acting=call.acting)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    emit(book, "payment_intent.created", intent)
    return _confirm(call, intent, method) if confirms else intent


def _chargeable(call: Call) -> None:
    if not call.world.owners[call.book.account].thing["charges_enabled"]:
        raise refused("Your account cannot currently make charges; complete its onboarding first.")


def _method(call: Call) -> Obj | None:
    if word := call.params.text("payment_method"):
        return resolve(call.book, word)
    if "payment_method_data" in call.params:
        return from_data(call.book, call.params.inner("payment_method_data"))
    return None


def _confirm(call: Call, intent: Obj, method: Obj | None) -> Obj:
    book, params = call.book, call.params
    if method is None:
        raise unexpected_state(
            "payment_intent",
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            intent,
        )
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] != "never" and not params.text("return_url"):
        raise refused(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of"
            " these payment methods might redirect your customer off of your page, you must provide a `return_url`. If"
            " you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to"
            " `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Payment Intents.",
            payment_intent=intent,
        )
    if (mandate := params.text("mandate")) is not None:
        known = active_mandate(book, method)
        if known is None or known["id"] != mandate:
            raise refused("The mandate is not active, or not one of this payment method.",
                          code="payment_intent_mandate_invalid", param="mandate")  # fmt: skip
    attempt = Attempt(
        off_session=params.text("off_session") not in (None, "false"),
        refuse_actions=params.flag("error_on_requires_action"),
        return_url=params.text("return_url"),
        acceptance=accepted(params),
    )
    confirm(book, intent, method, attempt)
    return intent


@route("GET", "/v1/payment_intents", f"{CREATED} customer")
def search(call: Call) -> Obj:
    customer = call.params.text("customer")
    found = [one for one in call.book.every("payment_intent") if customer in (None, one["customer"])]
    return page(call, found, "/v1/payment_intents")


@route("GET", "/v1/payment_intents/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("payment_intent", call.id)


@route("POST", "/v1/payment_intents/{id}", "amount description metadata.* receipt_email customer setup_future_usage "
       "payment_method application_fee_amount transfer_group")  # fmt: skip
def update(call: Call) -> Obj:
    intent, params = call.book.need("payment_intent", call.id), call.params
    fixed = {"amount", "customer", "payment_method", "setup_future_usage", "application_fee_amount"} & set(
        params.values
    )
    if fixed and intent["status"] in ("succeeded", "canceled", "processing"):
        raise unexpected_state(
            "payment_intent",
            f"This PaymentIntent's {min(fixed)} could not be updated because it has a status of {intent['status']}.",
            intent,
        )
    values: Obj = {"metadata": params.metadata(intent["metadata"])}
    values |= {name: params.text(name) for name in ("description", "receipt_email", "transfer_group") if name in params}
    if "amount" in params:
        values["amount"] = checked_amount(params.need_whole("amount"), intent["currency"])
    if "application_fee_amount" in params:
        values["application_fee_amount"] = params.whole("application_fee_amount")
    if "setup_future_usage" in params:
        values["setup_future_usage"] = params.choice("setup_future_usage", USAGE)
    if "customer" in params:
        values["customer"] = call.book.need("customer", params.need("customer"), param="customer")["id"]
    if "payment_method" in params:
        method = resolve(call.book, params.need("payment_method"))
        usable(call.book, method, values.get("customer", intent["customer"]), "PaymentIntent")
        values |= {"payment_method": method["id"], "status": "requires_confirmation"}
    intent.update(values)
    return intent


@route("POST", "/v1/payment_intents/{id}/confirm", _CONFIRM)
def confirm_intent(call: Call) -> Obj:
    book, params = call.book, call.params
    intent = book.need("payment_intent", call.id)
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params.choice("setup_future_usage", USAGE)
    if "receipt_email" in params:
        intent["receipt_email"] = params.text("receipt_email")
    method = _method(call)
    if method is None and intent["payment_method"] is not None:
        method = book.objects[intent["payment_method"]]
    return _confirm(call, intent, method)


@route("POST", "/v1/payment_intents/{id}/cancel", "cancellation_reason")
def cancel_intent(call: Call) -> Obj:
    intent = call.book.need("payment_intent", call.id)
    reasons = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    session = next((one for one in call.book.every("checkout.session") if one["payment_intent"] == call.id), None)
    if session is not None and session["status"] == "open":
        raise refused("You cannot cancel a PaymentIntent of an open Checkout Session. Expire the session instead.")
    return cancel(call.book, intent, call.params.choice("cancellation_reason", reasons))
