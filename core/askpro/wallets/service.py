"""What a customer may decide about a wallet: when to be told that little is left."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.errors import InvalidInput, NotFound
from askpro.wallets import told
from askpro.wallets.model import EMPTY, Preference

__all__ = ("MOST", "set_low_balance", "set_notices")

MOST = 1_000_000_000_000
"""The highest threshold (10⁻⁶): a million. Whoever wants to be told below that is told always."""


async def set_low_balance(tenant: UUID, wallet: UUID, units: int) -> None:
    """Want to be told when the balance falls below ``units`` (10⁻⁶); 0: never. Raises InvalidInput, NotFound."""
    await set_notices(tenant, wallet, low_balance=units)


async def set_notices(
    tenant: UUID, wallet: UUID, *, low_balance: int | None = None, tell_empty: bool | None = None
) -> Preference:
    """Change what the customer wants to be told; None leaves a value alone.

    A balance that lies below a new threshold already is no fall: it was on the screen when the threshold was set, so
    the first notice comes when it has been above and falls. Raises InvalidInput (``amount_out_of_bounds``), NotFound.
    """
    if low_balance is not None and not 0 <= low_balance <= MOST:
        raise InvalidInput("zero to a million", code="amount_out_of_bounds", field="low_balance")
    async with db.unit(tenant):
        there = "select exists (select from ledger.wallet where tenant_id = $1 and id = $2)"
        if not await db.fetchval(there, tenant, wallet):
            raise NotFound("there is no such wallet")
        before = await told.lock(tenant, wallet)
        after = Preference(
            before.low_balance if low_balance is None else low_balance,
            before.tell_empty if tell_empty is None else tell_empty,
        )
        await db.execute(
            "update wallets.preference set low_balance = $3, tell_empty = $4 where tenant_id = $1 and wallet_id = $2",
            tenant,
            wallet,
            after.low_balance,
            after.tell_empty,
        )
        if after.low_balance != before.low_balance:
            await _begin(tenant, wallet, "low", after.low_balance)
        if after.tell_empty and not before.tell_empty:
            await _begin(tenant, wallet, "empty", EMPTY)
    return after


async def _begin(tenant: UUID, wallet: UUID, level: str, threshold: int) -> None:
    """Begin to watch a level: as if told already where the balance lies below it."""
    purse = await db.fetchrow(
        "select posted - held + credit_line as available, seq, posted, credit_line from ledger.wallet"
        " where tenant_id = $1 and id = $2",
        tenant,
        wallet,
    )
    if purse["available"] < threshold:
        await told.mark(tenant, wallet, level, purse)
    else:
        await told.forget(tenant, wallet, level)
