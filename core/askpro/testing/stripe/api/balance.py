"""/v1/balance, /v1/balance_transactions"""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import balance_of
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("GET", "/v1/balance")
def balance(call: Call) -> Obj:
    return balance_of(call.book)


@route("GET", "/v1/balance_transactions", f"{CREATED} currency source type")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("currency", "source", "type") if name in call.params}
    found = [
        one
        for one in call.book.every("balance_transaction")
        if all(one[name] == value for name, value in wanted.items())
    ]
    return page(call, found, "/v1/balance_transactions")


@route("GET", "/v1/balance_transactions/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("balance_transaction", call.id)
