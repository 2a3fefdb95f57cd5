"""/v1/transfers and their reversals"""

from __future__ import annotations

from askpro.testing.stripe.acts.transfers import reverse, transfer
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import checked_currency, shown
from askpro.testing.stripe.wire.faults import invalid, missing, no_such, refused
from askpro.testing.stripe.wire.lists import CREATED, PAGE, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("POST", "/v1/transfers", "amount currency destination description metadata.* source_transaction transfer_group")
def create(call: Call) -> Obj:
    book, params = call.book, call.params
    currency = checked_currency(params.need("currency"))
    destination = params.need("destination")
    source = None
    amount = params.whole("amount")
    if (charge := params.text("source_transaction")) is not None:
        source = book.need("charge", charge, param="source_transaction")
        amount = _of_source(book, source, amount, currency, params.text("transfer_group"))
    if amount is None:
        raise missing("amount")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param="amount")
    return transfer(
        book,
        destination,
        amount,
        currency,
        source=source,
        group=params.text("transfer_group"),
        description=params.text("description"),
        metadata=params.metadata(),
        at=book.objects[source["balance_transaction"]]["available_on"] if source else None,
    )


def _of_source(book: Book, source: Obj, amount: int | None, currency: str, group: str | None) -> int:
    """How much of a charge goes on. A charge gives what it brought and no more, whatever was taken back of it since."""
    if source["status"] != "succeeded":
        raise refused("The source_transaction has not succeeded.", param="source_transaction")
    line = book.objects[source["balance_transaction"]]
    if line["currency"] != currency:
        raise refused(
            f"The currency of source_transaction's balance transaction ({line['currency']}) must be the same as the"
            f" transfer currency ({currency})",
            param="currency",
        )
    if group and source["transfer_group"] not in (None, group):
        raise refused("The transfer_group differs from that of the source_transaction.", param="transfer_group")
    sent = sum(one["amount"] for one in book.every("transfer") if one["source_transaction"] == source["id"])
    amount = line["amount"] - sent if amount is None else amount
    if amount + sent > line["amount"]:
        known = f" (There is already a transfer using this source, amounting to {shown(sent, currency)}.)"
        raise refused(
            "Transfers using this transaction as a source must not exceed the source amount of"
            f" {shown(line['amount'], currency)}.{known if sent else ''}",
            param="amount",
        )
    return amount


@route("GET", "/v1/transfers", f"{CREATED} destination transfer_group")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("destination", "transfer_group") if name in call.params}
    found = [one for one in call.book.every("transfer") if all(one[name] == value for name, value in wanted.items())]
    return page(call, found, "/v1/transfers")


@route("GET", "/v1/transfers/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("transfer", call.id)


@route("POST", "/v1/transfers/{id}", "description metadata.*")
def update(call: Call) -> Obj:
    thing = call.book.need("transfer", call.id)
    values: Obj = {"metadata": call.params.metadata(thing["metadata"])}
    if "description" in call.params:
        values["description"] = call.params.text("description")
    return change(call.book, "transfer.updated", thing, **values)


@route("POST", "/v1/transfers/{id}/reversals", "amount description metadata.* refund_application_fee")
def create_reversal(call: Call) -> Obj:
    thing = call.book.need("transfer", call.id)
    return reverse(call.book, thing, call.params.whole("amount"), metadata=call.params.metadata())


@route("GET", "/v1/transfers/{id}/reversals", PAGE)
def reversals(call: Call) -> Obj:
    call.book.need("transfer", call.id)
    found = [one for one in call.book.every("transfer_reversal") if one["transfer"] == call.id]
    return page(call, found, f"/v1/transfers/{call.id}/reversals")


@route("GET", "/v1/transfers/{transfer}/reversals/{id}")
def reversal(call: Call) -> Obj:
    found = call.book.need("transfer_reversal", call.id)
    if found["transfer"] != call.path["transfer"]:
        raise no_such("transfer reversal", call.id)
    return found
