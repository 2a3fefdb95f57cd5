"""What a customer was told last of a wallet. All need an open unit of the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from askpro import db
from askpro.wallets.model import Preference

__all__ = ("forget", "lock", "mark")


async def lock(tenant: UUID, wallet: UUID) -> Preference:
    """The wallet's preferences, made where they are missing; whoever else locks them waits until this unit ends."""
    await db.execute(
        "insert into wallets.preference (tenant_id, wallet_id) values ($1, $2) on conflict do nothing", tenant, wallet
    )
    row = await db.fetchrow(
        "select thresholds, tell_empty from wallets.preference where tenant_id = $1 and wallet_id = $2 for update",
        tenant,
        wallet,
    )
    return Preference(tuple(row["thresholds"]), row["tell_empty"])


async def mark(tenant: UUID, wallet: UUID, threshold: int, purse: Mapping[str, Any]) -> None:
    """Told, with the wallet standing as in ``purse`` (seq, posted, credit_line): the next notice needs a rise first.

    ``threshold``: one of the customer's (10⁻⁶); 0: that the wallet is used up.
    """
    await db.execute(
        "insert into wallets.told (tenant_id, wallet_id, level, threshold, seq, posted, credit_line)"
        " values ($1, $2, case when $3::bigint > 0 then 'low' else 'empty' end, $3, $4, $5, $6)"
        " on conflict (tenant_id, wallet_id, level, threshold) do update set seq = excluded.seq,"
        " posted = excluded.posted, credit_line = excluded.credit_line, at = excluded.at",
        tenant,
        wallet,
        threshold,
        purse["seq"],
        purse["posted"],
        purse["credit_line"],
    )


async def forget(tenant: UUID, wallet: UUID, threshold: int) -> None:
    """Nothing was told of this threshold (0: that the wallet is used up): the next fall is the first."""
    await db.execute(
        "delete from wallets.told where tenant_id = $1 and wallet_id = $2 and threshold = $3", tenant, wallet, threshold
    )
