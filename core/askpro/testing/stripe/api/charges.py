"""/v1/charges: read, and written on; charging is the intents' business."""

from __future__ import annotations

from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("GET", "/v1/charges", f"{CREATED} customer payment_intent transfer_group")
def search(call: Call) -> Obj:
    names = ("customer", "payment_intent", "transfer_group")
    wanted = {name: call.params.text(name) for name in names if name in call.params}
    found = [one for one in call.book.every("charge") if all(one[name] == value for name, value in wanted.items())]
    return page(call, found, "/v1/charges")


@route("GET", "/v1/charges/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("charge", call.id)


@route("POST", "/v1/charges/{id}", "description metadata.* receipt_email")
def update(call: Call) -> Obj:
    charge = call.book.need("charge", call.id)
    values: Obj = {"metadata": call.params.metadata(charge["metadata"])}
    values |= {name: call.params.text(name) for name in ("description", "receipt_email") if name in call.params}
    return change(call.book, "charge.updated", charge, **values)
