"""What a customer may decide about a wallet."""

from __future__ import annotations

from uuid import UUID

from askpro import db
from askpro.errors import InvalidInput

__all__ = ("set_low_balance",)


async def set_low_balance(tenant: UUID, wallet: UUID, units: int) -> None:
    """Want to be told when the balance falls below ``units`` (10⁻⁶); 0: never. Raises InvalidInput."""
    if units < 0:
        raise InvalidInput("zero or more", field="low_balance")
    async with db.unit(tenant):
        await db.execute(
            "insert into wallets.preference as p (tenant_id, wallet_id, low_balance) values ($1, $2, $3)"
            " on conflict (tenant_id, wallet_id) do update set low_balance = excluded.low_balance,"
            " low_notified_at = case when p.low_balance = excluded.low_balance then p.low_notified_at end",
            tenant,
            wallet,
            units,
        )
