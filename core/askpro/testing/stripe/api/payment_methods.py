"""/v1/payment_methods, /v1/mandates"""

from __future__ import annotations

from askpro.testing.stripe.acts.details import billing_of
from askpro.testing.stripe.acts.methods import attach, detach, from_bank, from_card, resolve
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.state.banks import bank
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.cards import BY_NUMBER, CARDS
from askpro.testing.stripe.wire.faults import Fault, invalid, missing
from askpro.testing.stripe.wire.lists import PAGE, page
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ("DATA", "from_data")

_BILLING = "billing_details.email billing_details.name billing_details.phone billing_details.address.*"
DATA = f"type card.number card.exp_month card.exp_year card.cvc card.token sepa_debit.iban allow_redisplay {_BILLING}"
"""What describes a method."""


def from_data(book: Book, params: Params) -> Obj:
    """A new method out of a form. Raises Fault: invalid_number, invalid_bank_account_iban, …"""
    kind = params.choice("type", ("card", "sepa_debit"))
    details = billing_of(params)
    if kind is None:
        raise missing(params.called("type"))
    if kind == "sepa_debit":
        account = bank(params.inner("sepa_debit").need("iban"))
        if account is None:
            raise invalid(
                "The IBAN you provided is invalid.", param="sepa_debit[iban]", code="invalid_bank_account_iban"
            )
        for name in ("name", "email"):
            if not details[name]:
                raise missing(f"billing_details[{name}]")
        method = from_bank(book, account, details)
    else:
        method = _card(book, params.inner("card"), details)
    method["allow_redisplay"] = params.choice("allow_redisplay", ("always", "limited", "unspecified"), "unspecified")
    method["metadata"] = params.metadata()
    return method


def _card(book: Book, params: Params, details: Obj) -> Obj:
    if token := params.text("token"):
        card = CARDS.get(f"pm_card_{token.removeprefix('tok_')}")
        if card is None:
            raise invalid(f"No such token: '{token}'", param="card[token]", code="resource_missing")
        return from_card(book, card, details)
    card = BY_NUMBER.get(params.need("number").replace(" ", ""))
    if book.livemode or card is None:
        raise Fault(402, "card_error", "Your card number is incorrect.", code="incorrect_number", param="number")
    month, year = params.need_whole("exp_month"), params.need_whole("exp_year")
    if not 1 <= month <= 12:
        raise Fault(402, "card_error", "Your card's expiration month is invalid.", code="invalid_expiry_month")
    return from_card(book, card, details, month=month, year=year)


@route("POST", "/v1/payment_methods", f"{DATA} metadata.*")
def create(call: Call) -> Obj:
    return from_data(call.book, call.params)


@route("GET", "/v1/payment_methods", f"{PAGE} customer type")
def search(call: Call) -> Obj:
    customer, kind = call.params.text("customer"), call.params.text("type")
    if customer is not None:
        call.book.need("customer", customer, param="customer")
    found = [
        one
        for one in call.book.every("payment_method")
        if customer is not None and one["customer"] == customer and kind in (None, one["type"])
    ]
    return page(call, found, "/v1/payment_methods")


@route("GET", "/v1/payment_methods/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("payment_method", call.id)


@route("POST", "/v1/payment_methods/{id}", f"metadata.* allow_redisplay card.exp_month card.exp_year {_BILLING}")
def update(call: Call) -> Obj:
    method, params = call.book.need("payment_method", call.id), call.params
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    values: Obj = {"metadata": params.metadata(method["metadata"])}
    if "billing_details" in params:
        values["billing_details"] = billing_of(params, method["billing_details"])
    if "allow_redisplay" in params:
        values["allow_redisplay"] = params.choice("allow_redisplay", ("always", "limited", "unspecified"))
    if "card" in params and method["type"] == "card":
        dates = params.inner("card")
        known = method["card"]
        month, year = dates.whole("exp_month", known["exp_month"]), dates.whole("exp_year", known["exp_year"])
        values["card"] = {**known, "exp_month": month, "exp_year": year}
    return change(call.book, "payment_method.updated", method, **values)


@route("POST", "/v1/payment_methods/{id}/attach", "customer")
def attach_to(call: Call) -> Obj:
    customer = call.book.need("customer", call.params.need("customer"), param="customer")
    return attach(call.book, resolve(call.book, call.id, param="id"), customer["id"])


@route("POST", "/v1/payment_methods/{id}/detach")
def detach_from(call: Call) -> Obj:
    return detach(call.book, call.book.need("payment_method", call.id))


@route("GET", "/v1/mandates/{id}")
def mandate(call: Call) -> Obj:
    return call.book.need("mandate", call.id)
