"""/v1/refunds"""

from __future__ import annotations

from askpro.testing.stripe.acts.refunds import REASONS, make_refund
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.wire.faults import invalid, refused
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("POST", "/v1/refunds", "charge payment_intent amount reason metadata.* reverse_transfer refund_application_fee")
def create(call: Call) -> Obj:
    params = call.params
    charge = _charge(call)
    return make_refund(
        call.book,
        charge,
        params.whole("amount"),
        reason=params.choice("reason", REASONS),
        metadata=params.metadata(),
        reverse_transfer=params.flag("reverse_transfer"),
        refund_application_fee=params.flag("refund_application_fee"),
    )


def _charge(call: Call) -> Obj:
    charge, intent = call.params.text("charge"), call.params.text("payment_intent")
    if charge is not None:
        return call.book.need("charge", charge, param="charge")
    if intent is None:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    found = call.book.need("payment_intent", intent, param="payment_intent")
    if found["status"] != "succeeded":
        raise refused(
            f"This PaymentIntent ({intent}) does not have a successful charge to refund.",
            code="charge_not_refundable" if found["status"] == "processing" else None,
        )
    return call.book.need("charge", found["latest_charge"])


@route("GET", "/v1/refunds", f"{CREATED} charge payment_intent")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("charge", "payment_intent") if name in call.params}
    found = [one for one in call.book.every("refund") if all(one[name] == value for name, value in wanted.items())]
    return page(call, found, "/v1/refunds")


@route("GET", "/v1/refunds/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("refund", call.id)


@route("POST", "/v1/refunds/{id}", "metadata.*")
def update(call: Call) -> Obj:
    refund = call.book.need("refund", call.id)
    return change(call.book, "refund.updated", refund, metadata=call.params.metadata(refund["metadata"]))


@route("POST", "/v1/refunds/{id}/cancel")
def cancel(call: Call) -> Obj:
    refund = call.book.need("refund", call.id)
    raise refused(f"This refund cannot be canceled because it has a status of {refund['status']}.")
