"""Which mails a customer can do without, and does."""

from __future__ import annotations

from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import InvalidInput
from askpro.messages.kinds import OPTIONAL
from askpro.tenancy import audit

__all__ = ("set_wanted", "unwanted", "wanted")


async def unwanted(tenant: UUID, customer: UUID) -> frozenset[str]:
    """The optional kinds (``kinds.OPTIONAL``) that the customer has switched off."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select kind from messages.preference where tenant_id = $1 and customer_id = $2", tenant, customer
        )
    return frozenset(row["kind"] for row in rows)


async def wanted(tenant: UUID, customer: UUID) -> dict[str, bool]:
    """Every optional kind, in the order in which they are shown → whether the customer wants it."""
    off = await unwanted(tenant, customer)
    return {kind: kind not in off for kind in OPTIONAL}


async def set_wanted(tenant: UUID, customer: UUID, kind: str, want: bool, *, by: Actor) -> None:
    """Switch an optional kind on or off. Raises InvalidInput for one that is not optional."""
    if kind not in OPTIONAL:
        raise InvalidInput(f"mails of kind {kind!r} cannot be switched off", field="kind")
    async with db.unit(tenant):
        if want:
            changed = await db.execute(
                "delete from messages.preference where tenant_id = $1 and customer_id = $2 and kind = $3",
                tenant,
                customer,
                kind,
            )
        else:
            changed = await db.execute(
                "insert into messages.preference (tenant_id, customer_id, kind, since)"
                " select c.tenant_id, c.id, $3, $4 from people.customer c where c.tenant_id = $1 and c.id = $2"
                " on conflict do nothing",
                tenant,
                customer,
                kind,
                clock.now(),
            )
        if not changed.endswith(" 0"):
            await audit.record(tenant, by, "customer.mails", customer, kind=kind, wanted=want)
