"""Top-ups of the past: ordered, sent and settled by the domain's own steps, at the hour the clock is set to."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.actor import Actor
from askpro.money import Money
from askpro.payments import settle
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.model import Customer
from askpro.sdk.payments import ChargeResult, Outcome
from askpro.tenancy.model import Tenant

__all__ = ("top_up",)

_BY = Actor("operator", "demo")


async def top_up(tenant: Tenant, customer: Customer, net: Money, *, key: str) -> None:
    """A settled top-up through the sandbox; the same key makes no second one."""
    order = await create_order(tenant, customer, net, "sandbox", idempotency=key, by=_BY)
    if order.final:
        return
    order, _ = await begin_checkout(
        tenant, customer, order.id, by=_BY, description=tenant.name, return_url="https://demo.invalid/",
        cancel_url="https://demo.invalid/", locale=tenant.locale,
    )  # fmt: skip
    async with db.unit(tenant.id):
        attempt: UUID = await db.fetchval(
            "select id from payments.attempt where tenant_id = $1 and order_id = $2", tenant.id, order.id
        )
    await settle.apply(
        tenant.id,
        attempt,
        ChargeResult(key=str(attempt), outcome=Outcome.SETTLED, amount=order.gross, provider_ref=f"demo-{attempt}"),
        by=_BY,
    )
