"""Promotional credit of a customer: grant and list."""

from __future__ import annotations

from typing import Any

from askpro.people import queries
from askpro.wallets import promo
from askpro.web.api.adjustment_schemas import Credit, CreditNew, CreditPage, CreditQuery, credit_of
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.listing import page_of

__all__ = ("HANDLERS",)


@endpoint(
    "POST", "/customers/{customer_id:uuid}/credits", permission="credits:write", query=Nothing, body=CreditNew,
    answer=Credit, status=201, idempotent=True, refusals=(404, 409),
)  # fmt: skip
async def grant_credit(call: Call[Nothing, CreditNew]) -> Reply[Credit]:
    """Grant promotional credit.

    It is used before paid money and never paid back. What is left when its last day is over expires. Beyond what one
    person may book alone for a customer in a day (adjustments count, too) the state is `waiting`: the adjustment of the
    same id has to be approved by a second person.
    """
    asked, tenant = call.body, call.tenant
    customer = await queries.customer(tenant.id, call.id("customer_id"))
    made = await promo.grant(
        tenant, customer, asked.amount.value,
        expires_at=promo.end_of(asked.expires_on, tenant.timezone) if asked.expires_on else None,
        priority=asked.priority, reason=asked.reason,
        idempotency=call.once(),
        by=call.actor,
    )  # fmt: skip
    given = made.state == "granted"
    place = f"customers/{customer.id}/credits" if given else f"adjustments/{made.id}"
    return Reply(credit_of(made), {"Location": f"{PREFIX}/{place}"})


@endpoint(
    "GET", "/customers/{customer_id:uuid}/credits", permission="balance:read", query=CreditQuery, body=Nothing,
    answer=CreditPage, refusals=(404,),
)  # fmt: skip
async def list_credits(call: Call[CreditQuery, Nothing]) -> Reply[CreditPage]:
    """List promotional credit, latest first."""
    asked, tenant = call.query, call.tenant.id
    customer = await queries.customer(tenant, call.id("customer_id"))
    kept: dict[str, Any] = {"open": "true" if asked.open else None}
    page = await page_of(
        call, f"{PREFIX}/customers/{customer.id}/credits", kept,
        lambda before, limit: promo.of_customer(tenant, customer.id, before=before, limit=limit, open_only=asked.open),
    )  # fmt: skip
    return Reply(CreditPage([credit_of(one) for one in page.items], page.next), page.headers)


HANDLERS = (grant_credit, list_credits)
