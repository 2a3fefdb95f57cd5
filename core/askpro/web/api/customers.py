"""Customers: list, take on, look at, change."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from askpro import db
from askpro.people import model, queries
from askpro.people.service import create_customer as take_on
from askpro.people.service import set_customer_status, update_customer
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.schemas import Customer, CustomerNew, CustomerPage, CustomerPatch, CustomerQuery, given
from askpro.web.pagination import decode_cursor, encode_cursor, page_link, scope_of

__all__ = ("HANDLERS",)


def _shown(customer: model.Customer) -> Customer:
    return Customer(
        customer.id, customer.number, customer.name, customer.email, customer.currency, customer.locale,
        customer.plan_id, customer.status, customer.created_at,
    )  # fmt: skip


@endpoint("GET", "/customers", permission="customers:read", query=CustomerQuery, body=Nothing, answer=CustomerPage)
async def list_customers(call: Call[CustomerQuery, Nothing]) -> Reply[CustomerPage]:
    """List customers by number."""
    asked = call.query
    scope = scope_of(call.tenant.id, "customers", asked.search, given(asked.status))
    after = decode_cursor(asked.cursor, tuple[str], scope)[0] if asked.cursor else ""
    page = await queries.customers(
        call.tenant.id, search=asked.search, status=given(asked.status) or "", after=after, limit=asked.limit
    )
    following = encode_cursor((page.cursor,), scope) if page.cursor else None
    body = CustomerPage([_shown(one) for one in page.items], following)
    kept: dict[str, Any] = {"search": asked.search, "status": given(asked.status), "limit": asked.limit}
    return Reply(body, page_link(f"{PREFIX}/customers", following, kept))


@endpoint(
    "POST", "/customers", permission="customers:write", query=Nothing, body=CustomerNew, answer=Customer, status=201,
    idempotent=True, refusals=(404, 409),
)  # fmt: skip
async def create_customer(call: Call[Nothing, CustomerNew]) -> Reply[Customer]:
    """Take on a customer and open the wallet."""
    asked = call.body
    made = await take_on(
        call.tenant.id, asked.number, asked.name, by=call.actor, email=asked.email, currency=asked.currency,
        locale=asked.locale, plan_id=asked.plan_id,
    )  # fmt: skip
    return Reply(_shown(made), {"Location": f"{PREFIX}/customers/{made.id}"})


@endpoint(
    "GET", "/customers/{customer_id:uuid}", permission="customers:read", query=Nothing, body=Nothing, answer=Customer,
    refusals=(404,),
)  # fmt: skip
async def get_customer(call: Call[Nothing, Nothing]) -> Customer:
    """Look at a customer."""
    return _shown(await queries.customer(call.tenant.id, call.id("customer_id")))


@endpoint(
    "PATCH", "/customers/{customer_id:uuid}", permission="customers:write", query=Nothing, body=CustomerPatch,
    answer=Customer, refusals=(404, 409),
)  # fmt: skip
async def patch_customer(call: Call[Nothing, CustomerPatch]) -> Customer:
    """Change a customer's name, e-mail, language or status.

    All of it or nothing. A suspended customer makes no new calls; calls that have ended are booked all the same.
    """
    asked, identifier = call.body, call.id("customer_id")
    texts = {"name": asked.name, "email": asked.email, "locale": asked.locale}
    changes = {name: value for name, value in texts.items() if value is not UNSET}
    async with db.unit(call.tenant.id):
        changed = await update_customer(call.tenant.id, identifier, by=call.actor, **changes)
        if asked.status is not UNSET:
            await set_customer_status(call.tenant.id, identifier, asked.status, by=call.actor)
            changed = await queries.customer(call.tenant.id, identifier)
    return _shown(changed)


HANDLERS = (list_customers, create_customer, get_customer, patch_customer)
