"""What of an order can be paid back now."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from askpro import db
from askpro.errors import AskProError
from askpro.ledger import queries as books
from askpro.money import Money, floor_to_minor
from askpro.payments import providers, queries, reversals
from askpro.payments.refund_model import Refundable
from askpro.payments.refund_shares import of_net
from askpro.sdk.payments import Feature

__all__ = ("Able", "features", "features_of", "learn", "refundable")

Able: TypeAlias = frozenset[Feature] | AskProError
"""What the provider of a payment can do, or why that could not be learnt."""


async def refundable(tenant: UUID, order_id: UUID) -> Refundable:
    """What can be paid back of an order now, in whole coins. Raises NotFound."""
    order = await queries.order(tenant, order_id)
    currency = order.net.currency
    zero = Money(0, currency)

    def nothing(why: str) -> Refundable:
        return Refundable(zero, zero, zero, why)

    if order.state != "settled":
        return nothing("not_paid")
    try:
        can = await features(tenant, order.provider)
    except AskProError as error:
        return nothing(error.code)
    if Feature.REFUND not in can:
        return nothing("refund_not_supported")
    whole, digits = reversals.share_of(order), providers.minor_digits(currency)
    async with db.unit(tenant):
        gone = await reversals.gone(tenant, order_id)
        purse = await books.wallet(tenant, order.wallet_id)
        rest = await db.fetchval(
            "select rest from ledger.bucket where tenant_id = $1 and transfer_id = $2", tenant, order.transfer_id
        )
    left = whole.net - gone.net
    units = floor_to_minor(max(min(rest or 0, left, purse.available), 0), digits)
    if purse.frozen:
        return nothing("wallet_frozen")
    if not left:
        return nothing("exceeds_original")
    if not units:
        return nothing("already_spent" if not rest else "insufficient_funds")
    share = of_net(whole, gone, units, digits)
    whole_only = Feature.PARTIAL_REFUND not in can
    if whole_only and share.gross != whole.gross:
        return nothing("partial_refund_not_supported")
    return Refundable(*share.money(currency), whole_only=whole_only)


async def features(tenant: UUID, provider: str) -> frozenset[Feature]:
    """What the provider can do for payments that exist. Raises NotFound, PluginUnavailable, InvalidInput."""
    return (await (await providers.provider(tenant, provider, for_new=False)).capabilities()).features


async def learn(tenant: UUID, order_id: UUID) -> Able:
    """What the provider of an order can do, asked ahead of the unit in which it matters: an error is kept, not raised.

    Outside any unit.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    try:
        return await features(tenant, (await queries.order(tenant, order_id)).provider)
    except AskProError as error:
        return error


def features_of(able: Able) -> frozenset[Feature]:
    """Raises the error that stood in the way."""
    if isinstance(able, AskProError):
        raise able
    return able
