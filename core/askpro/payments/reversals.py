"""Taking a payment's credit and tax back out of the books, and putting them in again.

Whatever goes back of one order, refunds and disputes together, is counted here and never exceeds it. Every function
works in the unit that holds the order's lock; wallets are locked after it, by the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import NotFound
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Transfer
from askpro.payments.model import ORDER, Order, found, order_of
from askpro.payments.refund_shares import Share

__all__ = ("DISPUTE", "REFUND", "give_back", "gone", "locked", "share_of", "take")

REFUND, DISPUTE = "topup_reversal", "dispute"
"""Kinds of the transfer out of the wallet."""
_TAX = {REFUND: "topup_tax_reversal", DISPUTE: "dispute_tax"}
_UNDONE = {
    REFUND: "refund_reversal",
    _TAX[REFUND]: "refund_tax_reversal",
    DISPUTE: "dispute_reversal",
    _TAX[DISPUTE]: "dispute_tax_reversal",
}


async def locked(tenant: UUID, order_id: UUID) -> tuple[Order, str]:
    """The order, for this unit alone, and its tenant's zone. Raises NotFound."""
    row = found(
        await db.fetchrow(
            f"select {ORDER}, t.timezone from payments.orders o"  # noqa: S608 - constant
            " join tenancy.tenant t on t.id = o.tenant_id where o.tenant_id = $1 and o.id = $2 for update of o",
            tenant,
            order_id,
        )
    )
    return order_of(row), row["timezone"]


def share_of(order: Order) -> Share:
    """The whole order."""
    return Share(order.net.units, order.tax.units)


async def gone(tenant: UUID, order_id: UUID) -> Share:
    """What is out of the order at present: refunds that were not declined, and disputes that were lost."""
    row = await db.fetchrow(
        "select coalesce(sum(net), 0)::bigint as net, coalesce(sum(tax), 0)::bigint as tax from ("
        " select net, tax from payments.refund where tenant_id = $1 and order_id = $2 and taken"
        " union all select net, tax from payments.dispute where tenant_id = $1 and order_id = $2) x",
        tenant,
        order_id,
    )
    return Share(row["net"], row["tax"])


async def take(
    tenant: UUID, order: Order, share: Share, *, kind: str, key: str, zone: str, by: Actor, forced: bool = False
) -> list[UUID]:
    """Book wallet → clearing and VAT → clearing; the transfers. Not ``forced``: only what this order has unspent.

    Raises Conflict (``already_spent``, ``exceeds_original``), InsufficientFunds (held by calls), WalletFrozen.
    """
    if order.transfer_id is None:
        raise NotFound("this order was never paid")
    currency = order.net.currency
    clearing = await ledger.ensure_account(tenant, AccountKind.CLEARING, currency, order.provider)
    common = {**_common(tenant, order, zone, by), "credit": clearing, "key": key, "forced": forced}
    transfers = []
    if share.net:
        transfers.append(
            Transfer(debit=order.wallet_id, amount=share.net, kind=kind, reverses=order.transfer_id, **common)
        )
    if share.tax:
        vat = await ledger.ensure_account(tenant, AccountKind.VAT, currency, str(int(order.tax_rate * 10_000)))
        taxed = await db.fetchval(
            "select k.transfer_id from ledger.transfer t join ledger.booking_key k"
            " on k.tenant_id = t.tenant_id and k.kind = 'topup_tax' and k.key = t.key"
            " where t.tenant_id = $1 and t.id = $2",
            tenant,
            order.transfer_id,
        )
        transfers.append(Transfer(debit=vat, amount=share.tax, kind=_TAX[kind], reverses=taxed, **common))
    return [posting.or_raise().transfer for posting in await ledger.post_many(transfers)]


async def give_back(tenant: UUID, order: Order, taken: Sequence[UUID], *, zone: str, by: Actor) -> list[UUID]:
    """Undo those of ``taken`` that are not undone; the transfers.

    Credit returns to the buckets it came from, their expiry unchanged (D5); promotional credit that has expired
    meanwhile has its days of grace there (``wallets.promo_expiry``).
    """
    rows = await db.fetch(
        "select t.id, t.debit_account, t.credit_account, t.amount, t.kind from ledger.transfer t"
        " where t.tenant_id = $1 and t.id = any($2) and t.kind = any($3) and not exists ("
        "  select from ledger.booking_key k where k.tenant_id = $1 and k.kind = any($4) and k.key = t.id::text)"
        " order by t.id",
        tenant,
        list(taken),
        list(_UNDONE),
        list(_UNDONE.values()),
    )
    common = _common(tenant, order, zone, by)
    transfers = [
        Transfer(
            debit=row["credit_account"],
            credit=row["debit_account"],
            amount=row["amount"],
            kind=_UNDONE[row["kind"]],
            key=str(row["id"]),
            reverses=row["id"],
            **common,
        )
        for row in rows
    ]
    return [posting.or_raise().transfer for posting in await ledger.post_many(transfers)]


def _common(tenant: UUID, order: Order, zone: str, by: Actor) -> dict[str, Any]:
    now = clock.now()
    return {
        "tenant": tenant,
        "day": clock.civil_day(now, zone),
        "occurred_at": now,
        "actor": str(by),
        "reason": order.reference,
        "group": new_id(),
    }
