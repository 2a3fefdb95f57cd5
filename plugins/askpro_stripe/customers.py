"""Stripe's own record of a customer, one for each account and mode."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import stripe

from askpro.errors import Unavailable
from askpro.ids import new_id
from askpro.sdk import Context, CustomerRef
from askpro_stripe.book import Book, tenant_of
from askpro_stripe.client import ask, connect
from askpro_stripe.params import TENANT
from askpro_stripe.scope import Scope

__all__ = ("ensure_customer",)


async def ensure_customer(ctx: Context, scope: Scope, customer: CustomerRef, *, instead_of: str = "") -> str:
    """Stripe's number of this customer, made if need be. Errors as ``client.ask``.

    ``instead_of``: the number that was deleted at Stripe; asked as before, Stripe would answer with it once more.
    """
    book = Book(ctx)
    if ref := await book.customer(scope, customer.id):
        return ref
    tenant = tenant_of(ctx)
    sent: dict[str, Any] = {"metadata": {TENANT: str(tenant.id), "askpro_customer": customer.id}}
    for name in ("email", "name"):
        if value := getattr(customer, name):
            sent[name] = value
    # the content is part of the key: an address that changed meanwhile is another request, not a conflict
    digest = sha256(msgspec.json.encode([sent, instead_of], order="sorted")).hexdigest()[:16]
    key = f"askpro:{tenant.id}:customer:{customer.id}:{digest}"
    create = connect(ctx, scope).customers.create_async
    try:
        made = await ask(create(sent, {"idempotency_key": key}))
    except Unavailable as error:
        if isinstance(error.__cause__, stripe.APIConnectionError):
            raise
        # a 500 stays Stripe's answer to its key for a day; a second record of somebody does no harm
        made = await ask(create(sent, {"idempotency_key": f"{key}:{new_id()}"}))
    return await book.keep_customer(scope, customer.id, str(made["id"]))
