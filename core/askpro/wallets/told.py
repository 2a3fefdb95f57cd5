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
        "select low_balance, tell_empty from wallets.preference where tenant_id = $1 and wallet_id = $2 for update",
        tenant,
        wallet,
    )
    return Preference(*row)


async def mark(tenant: UUID, wallet: UUID, level: str, purse: Mapping[str, Any]) -> None:
    """Told, with the wallet standing as in ``purse`` (seq, posted, credit_line): the next notice needs a rise first."""
    await db.execute(
        "insert into wallets.told (tenant_id, wallet_id, level, seq, posted, credit_line)"
        " values ($1, $2, $3, $4, $5, $6)"
        " on conflict (tenant_id, wallet_id, level) do update set seq = excluded.seq, posted = excluded.posted,"
        " credit_line = excluded.credit_line, at = excluded.at",
        tenant,
        wallet,
        level,
        purse["seq"],
        purse["posted"],
        purse["credit_line"],
    )


async def forget(tenant: UUID, wallet: UUID, level: str) -> None:
    """Nothing was told of this level: the next fall is the first."""
    await db.execute(
        "delete from wallets.told where tenant_id = $1 and wallet_id = $2 and level = $3", tenant, wallet, level
    )
