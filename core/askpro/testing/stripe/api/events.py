"""/v1/events"""

from __future__ import annotations

from fnmatch import fnmatchcase

from askpro.testing.stripe.wire.faults import invalid
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("GET", "/v1/events", f"{CREATED} type types[] delivery_success")
def search(call: Call) -> Obj:
    params = call.params
    kind, kinds = params.text("type"), params.strings("types")
    if kind and kinds:
        raise invalid("You may only specify one of these parameters: type, types.")
    wanted = [kind] if kind else kinds or ["*"]
    found = [one for one in call.book.every("event") if any(fnmatchcase(one["type"], word) for word in wanted)]
    if "delivery_success" in params:
        done = params.flag("delivery_success")
        found = [one for one in found if (one["pending_webhooks"] == 0) == done]
    return page(call, found, "/v1/events")


@route("GET", "/v1/events/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("event", call.id)
