"""Tell customers once that their balance has fallen below what they set, and once that it is used up.

What a fall is, the view ``wallets.fall`` says; a fall that a refill has made good before anybody looked is none.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from askpro import db
from askpro.events import emit
from askpro.wallets import told

__all__ = ("LATELY", "STEP", "sweep", "tell")

log = structlog.get_logger("askpro.wallets")

LATELY = timedelta(minutes=3)
"""How far back the sweep of each minute looks: it may come late, and bookings may be slow to commit."""
STEP = 2_000
"""Wallets of one sweep; the next minute goes on."""


async def sweep(within: timedelta | None = LATELY) -> int:
    """Tell everybody who has to be told; returns how many were.

    ``within``: only those whose wallets were used so lately, which costs no more than that use did; None: all.
    """
    count = 0
    for row in await db.call("select * from wallets.due_notices($1, $2)", within, STEP):
        try:
            count += await tell(row["tenant_id"], row["wallet_id"])
        except Exception:
            log.exception("a notice of a low balance failed", wallet=str(row["wallet_id"]))
    return count


async def tell(tenant: UUID, wallet: UUID) -> bool:
    """Emit ``wallet.low`` if the wallet has fallen since it was told so last; whether it has.

    One event, whatever it fell through: ``level`` is ``low`` (below the customer's ``threshold``, the lowest of those)
    or ``empty`` (threshold 0). Those who cannot call anyway (suspended, closed) are not told, and not later either.
    """
    async with db.unit(tenant):
        await told.lock(tenant, wallet)
        found = await db.fetch(
            "select f.*, c.status from wallets.fall f"
            " left join people.customer c on c.tenant_id = f.tenant_id and c.id = f.customer_id"
            " where f.tenant_id = $1 and f.wallet_id = $2 order by f.level, f.threshold",
            tenant,
            wallet,
        )
        for fall in found:
            await told.mark(tenant, wallet, 0 if fall["level"] == "empty" else fall["threshold"], fall)
        if not found or found[0]["status"] != "active":
            return False
        deepest = found[0]  # 'empty' sorts before 'low'
        await emit(
            "wallet.low",
            {
                "customer": str(deepest["customer_id"]),
                "wallet": str(wallet),
                "available": deepest["available"],
                "threshold": 0 if deepest["level"] == "empty" else deepest["threshold"],
                "currency": deepest["currency"],
                "level": deepest["level"],
            },
            tenant=tenant,
        )
    return True
