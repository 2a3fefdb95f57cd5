"""/v1/setup_intents"""

from __future__ import annotations

from askpro.testing.stripe.acts.attempts import Attempt
from askpro.testing.stripe.acts.mandates import accepted
from askpro.testing.stripe.acts.methods import resolve
from askpro.testing.stripe.acts.setups import cancel_setup, confirm_setup, create_setup
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.wire.faults import invalid, refused
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_CONFIRM = """
    payment_method return_url mandate_data.customer_acceptance.type mandate_data.customer_acceptance.accepted_at
    mandate_data.customer_acceptance.online.* mandate_data.customer_acceptance.offline use_stripe_sdk
    payment_method_options.card.request_three_d_secure
"""
_CREATE = f"""
    {_CONFIRM} customer description metadata.* usage confirm payment_method_types[] on_behalf_of
    automatic_payment_methods.enabled automatic_payment_methods.allow_redirects
"""


def _confirm(call: Call, intent: Obj) -> Obj:
    params = call.params
    word = params.text("payment_method") or intent["payment_method"]
    if word is None:
        raise refused("You cannot confirm this SetupIntent because it's missing a payment method.",
                      code="setup_intent_unexpected_state", setup_intent=intent)  # fmt: skip
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] != "never" and not params.text("return_url"):
        raise refused(
            "This SetupIntent is configured to accept payment methods enabled in your Dashboard; you must provide a"
            " `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`.",
            setup_intent=intent,
        )
    method = resolve(call.book, word)
    attempt = Attempt(return_url=params.text("return_url"), acceptance=accepted(params))
    confirm_setup(call.book, intent, method, attempt)
    return intent


@route("POST", "/v1/setup_intents", _CREATE)
def create(call: Call) -> Obj:
    params = call.params
    confirms = params.flag("confirm")
    for name in ("return_url", "mandate_data"):
        if name in params and not confirms:
            raise invalid(f"The parameter `{name}` can only be passed with `confirm=true`.", param=name)
    method = resolve(call.book, params.need("payment_method")) if "payment_method" in params and not confirms else None
    intent = create_setup(call.book, params, acting=call.acting)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    emit(call.book, "setup_intent.created", intent)
    return _confirm(call, intent) if confirms else intent


@route("GET", "/v1/setup_intents", f"{CREATED} customer payment_method")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("customer", "payment_method") if name in call.params}
    found = [
        one for one in call.book.every("setup_intent") if all(one[name] == value for name, value in wanted.items())
    ]
    return page(call, found, "/v1/setup_intents")


@route("GET", "/v1/setup_intents/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("setup_intent", call.id)


@route("POST", "/v1/setup_intents/{id}", "description metadata.*")
def update(call: Call) -> Obj:
    intent = call.book.need("setup_intent", call.id)
    if "description" in call.params:
        intent["description"] = call.params.text("description")
    intent["metadata"] = call.params.metadata(intent["metadata"])
    return intent


@route("POST", "/v1/setup_intents/{id}/confirm", _CONFIRM)
def confirm(call: Call) -> Obj:
    return _confirm(call, call.book.need("setup_intent", call.id))


@route("POST", "/v1/setup_intents/{id}/cancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    reasons = ("abandoned", "requested_by_customer", "duplicate")
    intent = call.book.need("setup_intent", call.id)
    return cancel_setup(call.book, intent, call.params.choice("cancellation_reason", reasons))
