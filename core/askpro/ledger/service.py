"""The verbs of the ledger. Every booking of the house goes through ``post`` or ``post_many`` (calls: ``usage``)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from askpro import db
from askpro.ids import new_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Posting, PostingStatus, Transfer

__all__ = ("ensure_account", "open_wallet", "post", "post_many", "set_terms")

_POST = """
select status, transfer_id, debit_balance, credit_balance
  from ledger.post_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) order by ord
"""


async def post(transfer: Transfer) -> Posting:
    """Book one transfer. See ``post_many``; ``.or_raise()`` on the answer turns a refusal into an error."""
    return (await post_many([transfer]))[0]


async def post_many(transfers: Sequence[Transfer]) -> list[Posting]:
    """Book transfers in one round trip and answer for each, in order.

    Wallets are locked in ascending order (D15), groups are all or nothing, a key that was booked before
    makes its group a duplicate. Never raises for a business reason. Inside a tenant's unit, transfers of
    another tenant raise InsufficientPrivilegeError.
    """
    if not transfers:
        return []
    await months.ensure()
    rows = await db.call(
        _POST,
        [t.tenant for t in transfers],
        [t.id for t in transfers],
        [t.group or t.id for t in transfers],
        [t.debit for t in transfers],
        [t.credit for t in transfers],
        [t.amount for t in transfers],
        [t.kind for t in transfers],
        [t.key for t in transfers],
        [t.day for t in transfers],
        [t.occurred_at for t in transfers],
        [t.actor for t in transfers],
        [t.reason for t in transfers],
        [t.reverses for t in transfers],
        [t.forced for t in transfers],
        [t.bucket.as_json() if t.bucket else None for t in transfers],
    )
    return [
        Posting(PostingStatus(row["status"]), row["transfer_id"], row["debit_balance"], row["credit_balance"])
        for row in rows
    ]


async def open_wallet(
    tenant: UUID, customer: UUID, currency: str, *, credit_line: int = 0, wallet: UUID | None = None
) -> UUID:
    """The customer's wallet in that currency; made, with the accounts usage needs, where it is missing."""
    row = await db.call_row(
        "select ledger.open_wallet($1, $2, $3, $4, $5) as id",
        tenant,
        wallet or new_id(),
        customer,
        currency,
        credit_line,
    )
    found: UUID = row["id"]
    return found


async def ensure_account(tenant: UUID, kind: AccountKind, currency: str, code: str = "") -> UUID:
    """An account other than a wallet; made where it is missing."""
    await db.call("select ledger.ensure_account($1, $2, $3, $4)", tenant, kind.value, currency, code)
    return account_id(tenant, kind, currency, code)


async def set_terms(tenant: UUID, wallet: UUID, *, credit_line: int | None = None, frozen: bool | None = None) -> None:
    """Change how far below zero a wallet may go (10⁻⁶), or freeze and release it. None leaves a value alone."""
    await db.call("select ledger.set_terms($1, $2, $3, $4)", tenant, wallet, credit_line, frozen)
