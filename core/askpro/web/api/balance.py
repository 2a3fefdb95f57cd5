"""A customer's balance."""

from __future__ import annotations

from askpro import clock, db
from askpro.ledger.queries import wallet
from askpro.people.queries import customer
from askpro.web.api.endpoint import Call, Nothing, endpoint
from askpro.web.api.schemas import Balance, money

__all__ = ("HANDLERS",)


@endpoint(
    "GET", "/customers/{customer_id:uuid}/balance", permission="balance:read", query=Nothing, body=Nothing,
    answer=Balance, refusals=(404,),
)  # fmt: skip
async def get_balance(call: Call[Nothing, Nothing]) -> Balance:
    """Look at a customer's balance."""
    tenant = call.tenant.id
    async with db.unit(tenant):
        found = await customer(tenant, call.id("customer_id"))
        purse = await wallet(tenant, found.wallet_id)
    currency = purse.currency
    return Balance(
        customer_id=found.id,
        balance=money(purse.posted, currency),
        available=money(purse.available, currency),
        held=money(purse.held, currency),
        credit_line=money(purse.credit_line, currency),
        overrun=money(purse.overrun, currency),
        frozen=purse.frozen,
        at=clock.now(),
    )


HANDLERS = (get_balance,)
