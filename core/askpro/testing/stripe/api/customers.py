"""/v1/customers"""

from __future__ import annotations

from askpro.testing.stripe.acts.customers import new_customer
from askpro.testing.stripe.acts.details import address, shipping_of
from askpro.testing.stripe.acts.methods import attach, detach, resolve
from askpro.testing.stripe.hooks.events import change, emit
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.lists import CREATED, PAGE, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_WRITES = """
    name email phone description metadata.* address.* shipping.* preferred_locales[] tax_exempt invoice_prefix
    next_invoice_sequence invoice_settings.default_payment_method invoice_settings.footer
"""


def _values(call: Call, old: Obj) -> Obj:
    params = call.params
    values: Obj = {
        name: params.text(name)
        for name in ("name", "email", "phone", "description", "invoice_prefix")
        if name in params
    }
    if "metadata" in params:
        values["metadata"] = params.metadata(old.get("metadata"))
    if "address" in params:
        values["address"] = address(params)
    if "shipping" in params:
        values["shipping"] = shipping_of(params)
    if "preferred_locales" in params:
        values["preferred_locales"] = params.strings("preferred_locales")
    if "tax_exempt" in params:
        values["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse"), "none")
    if (number := params.whole("next_invoice_sequence")) is not None:
        values["next_invoice_sequence"] = number
    return values


def _settings(call: Call, customer: Obj) -> Obj:
    given = call.params.inner("invoice_settings")
    settings = dict(customer["invoice_settings"])
    if "footer" in given:
        settings["footer"] = given.text("footer")
    if "default_payment_method" in given:
        chosen = given.text("default_payment_method")
        if chosen is not None:
            param = "invoice_settings[default_payment_method]"
            method = resolve(call.book, chosen, param=param)
            if method["customer"] != customer["id"]:
                raise refused(
                    "The customer does not have a payment method with the ID "
                    f"{chosen}. The payment method must be attached to the customer.",
                    code="resource_missing",
                    param=param,
                )
            chosen = method["id"]
        settings["default_payment_method"] = chosen
    return settings


@route("POST", "/v1/customers", _WRITES + "payment_method")
def create(call: Call) -> Obj:
    customer = new_customer(call.book, **_values(call, {}))
    if method := call.params.text("payment_method"):
        attach(call.book, resolve(call.book, method), customer["id"])
    customer["invoice_settings"] = _settings(call, customer)
    return customer


@route("GET", "/v1/customers", f"{CREATED} email")
def search(call: Call) -> Obj:
    email = call.params.text("email")
    found = [one for one in call.book.every("customer") if email is None or one["email"] == email]
    return page(call, found, "/v1/customers")


@route("GET", "/v1/customers/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("customer", call.id, deleted=True)


@route("POST", "/v1/customers/{id}", _WRITES)
def update(call: Call) -> Obj:
    customer = call.book.need("customer", call.id)
    settings = _settings(call, customer)
    return change(call.book, "customer.updated", customer, **_values(call, customer), invoice_settings=settings)


@route("DELETE", "/v1/customers/{id}")
def delete(call: Call) -> Obj:
    book = call.book
    customer = book.need("customer", call.id)
    for method in [one for one in book.every("payment_method") if one["customer"] == customer["id"]]:
        detach(book, method)
    emit(book, "customer.deleted", customer)
    return book.remove(customer)


@route("GET", "/v1/customers/{id}/payment_methods", f"{PAGE} type allow_redisplay")
def methods(call: Call) -> Obj:
    call.book.need("customer", call.id)
    wanted = {name: call.params.text(name) for name in ("type", "allow_redisplay") if name in call.params}
    found = [
        one
        for one in call.book.every("payment_method")
        if one["customer"] == call.id and all(one[name] == value for name, value in wanted.items())
    ]
    return page(call, found, f"/v1/customers/{call.id}/payment_methods")


@route("GET", "/v1/customers/{id}/payment_methods/{method}")
def method(call: Call) -> Obj:
    found = call.book.need("payment_method", call.path["method"])
    if found["customer"] != call.id:
        raise refused("The customer does not have this payment method.", code="resource_missing")
    return found
