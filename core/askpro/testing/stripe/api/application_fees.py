"""/v1/application_fees and their refunds"""

from __future__ import annotations

from askpro.testing.stripe.acts.fees import refund_fee
from askpro.testing.stripe.wire.lists import CREATED, PAGE, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("GET", "/v1/application_fees", f"{CREATED} charge")
def search(call: Call) -> Obj:
    charge = call.params.text("charge")
    found = [
        one
        for one in call.book.every("application_fee")
        if charge in (None, one["charge"], one["originating_transaction"])
    ]
    return page(call, found, "/v1/application_fees")


@route("GET", "/v1/application_fees/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("application_fee", call.id)


@route("POST", "/v1/application_fees/{id}/refunds", "amount metadata.*")
def create_refund(call: Call) -> Obj:
    fee = call.book.need("application_fee", call.id)
    return refund_fee(call.book, fee, call.params.whole("amount"), call.params.metadata())


@route("GET", "/v1/application_fees/{id}/refunds", PAGE)
def refunds(call: Call) -> Obj:
    call.book.need("application_fee", call.id)
    found = [one for one in call.book.every("fee_refund") if one["fee"] == call.id]
    return page(call, found, f"/v1/application_fees/{call.id}/refunds")
