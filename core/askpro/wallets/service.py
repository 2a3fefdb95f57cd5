"""What a customer may decide about a wallet: when to be told that little is left."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from askpro import db
from askpro.errors import N_, InvalidInput, NotFound
from askpro.wallets import told
from askpro.wallets.model import EMPTY, Preference

__all__ = ("MOST", "THRESHOLDS", "set_notices")

MOST = 1_000_000_000_000
"""The highest threshold (10⁻⁶): a million. Whoever wants to be told below that is told always."""
THRESHOLDS = 5
"""How many of them a wallet may have."""


async def set_notices(
    tenant: UUID, wallet: UUID, *, thresholds: Sequence[int] | None = None, tell_empty: bool | None = None
) -> Preference:
    """Change what the customer wants to be told; None leaves a value alone.

    ``thresholds`` (10⁻⁶), in any order: zeros and repeats count for nothing. What was told of those that stay is
    remembered. A balance that lies below a new one already is no fall: it was on the screen when the threshold was
    set, so the first notice comes when it has been above and falls.

    Raises InvalidInput (``amount_out_of_bounds``, ``thresholds_too_many``), NotFound.
    """
    wanted = tuple(sorted({one for one in thresholds or () if one}, reverse=True))
    if any(not 0 < one <= MOST for one in wanted):
        raise InvalidInput("zero to a million", code="amount_out_of_bounds", field="thresholds")
    if len(wanted) > THRESHOLDS:
        title = N_("At most five amounts are possible.")
        raise InvalidInput(f"at most {THRESHOLDS}", code="thresholds_too_many", title=title, field="thresholds")
    async with db.unit(tenant):
        there = "select exists (select from ledger.wallet where tenant_id = $1 and id = $2)"
        if not await db.fetchval(there, tenant, wallet):
            raise NotFound("there is no such wallet")
        before = await told.lock(tenant, wallet)
        after = Preference(
            before.thresholds if thresholds is None else wanted,
            before.tell_empty if tell_empty is None else tell_empty,
        )
        await db.execute(
            "update wallets.preference set thresholds = $3, low_balance = $4, tell_empty = $5"
            " where tenant_id = $1 and wallet_id = $2",
            tenant,
            wallet,
            after.thresholds,
            after.low_balance,
            after.tell_empty,
        )
        for gone in set(before.thresholds) - set(after.thresholds):
            await told.forget(tenant, wallet, gone)
        for new in set(after.thresholds) - set(before.thresholds):
            await _begin(tenant, wallet, new, new)
        if after.tell_empty and not before.tell_empty:
            await _begin(tenant, wallet, 0, EMPTY)
    return after


async def _begin(tenant: UUID, wallet: UUID, threshold: int, below: int) -> None:
    """Begin to watch: as if told already where the balance lies ``below`` that."""
    purse = await db.fetchrow(
        "select posted - held + credit_line as available, seq, posted, credit_line from ledger.wallet"
        " where tenant_id = $1 and id = $2",
        tenant,
        wallet,
    )
    if purse["available"] < below:
        await told.mark(tenant, wallet, threshold, purse)
    else:
        await told.forget(tenant, wallet, threshold)
