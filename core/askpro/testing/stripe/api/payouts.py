"""/v1/payouts"""

from __future__ import annotations

from askpro.testing.stripe.acts.payouts import cancel_payout, pay_out
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.state.currencies import checked_currency
from askpro.testing.stripe.wire.faults import invalid
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()


@route("POST", "/v1/payouts", "amount currency description metadata.* statement_descriptor")
def create(call: Call) -> Obj:
    params = call.params
    amount = params.need_whole("amount")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param="amount")
    return pay_out(
        call.book,
        amount,
        checked_currency(params.need("currency")),
        metadata=params.metadata(),
        description=params.text("description"),
        statement_descriptor=params.text("statement_descriptor", longest=22),
    )


@route("GET", "/v1/payouts", f"{CREATED} status")
def search(call: Call) -> Obj:
    status = call.params.text("status")
    return page(call, [one for one in call.book.every("payout") if status in (None, one["status"])], "/v1/payouts")


@route("GET", "/v1/payouts/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("payout", call.id)


@route("POST", "/v1/payouts/{id}", "metadata.*")
def update(call: Call) -> Obj:
    payout = call.book.need("payout", call.id)
    return change(call.book, "payout.updated", payout, metadata=call.params.metadata(payout["metadata"]))


@route("POST", "/v1/payouts/{id}/cancel")
def cancel(call: Call) -> Obj:
    return cancel_payout(call.book, call.book.need("payout", call.id))
