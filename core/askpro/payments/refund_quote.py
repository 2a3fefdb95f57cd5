"""What a refund would bring about, before anybody asks for it. Nothing is written."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.errors import Conflict
from askpro.money import Money
from askpro.payments import providers, queries, reversals
from askpro.payments.refund_model import Refundable
from askpro.payments.refund_shares import of_net

__all__ = ("refund_quote",)


async def refund_quote(tenant: UUID, order_id: UUID, net: Money) -> Refundable:
    """The tax that goes back with ``net`` and the sum that is paid back. Raises NotFound, Conflict
    (``exceeds_original``)."""
    order = await queries.order(tenant, order_id)
    async with db.unit(tenant):
        gone = await reversals.gone(tenant, order_id)
    try:
        share = of_net(reversals.share_of(order), gone, net.units, providers.minor_digits(net.currency))
    except ValueError as error:
        raise Conflict("more than is left of this payment", code="exceeds_original", field="net") from error
    return Refundable(*share.money(net.currency))
