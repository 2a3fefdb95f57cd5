"""What a provider pays out to a reseller's bank by itself: seen and shown, never booked.

    pending     on its way
    settled     paid, as far as the provider knows; the bank may still send it back
    declined    come back (``payout.failed`` is told), or called back before it left (``cancelled``)

Only forward: an answer that is older than what is known changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.errors import InvalidInput, Unavailable
from askpro.events import emit
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import providers
from askpro.sdk.payments import Outcome, PayoutResult

__all__ = ("CANCELLED", "BankPayout", "State", "apply", "heard", "latest", "listed")

log = structlog.get_logger("askpro.payments")

State: TypeAlias = Literal["pending", "settled", "declined"]
CANCELLED = "cancelled"
"""The code of a payout that somebody called back: nothing has failed."""

_STATES: Mapping[Outcome, State] = {
    Outcome.PENDING: "pending",
    Outcome.SETTLED: "settled",
    Outcome.DECLINED: "declined",
}
_COLUMNS = "id, provider, ref, live, amount, currency, outcome, code, seen_at, changed_at"
_MOVE = """
insert into payments.bank_payout as p
       (tenant_id, id, provider, ref, live, amount, currency, outcome, code, seen_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
on conflict (tenant_id, provider, ref) do update
   set outcome = excluded.outcome, code = excluded.code, changed_at = excluded.changed_at,
       amount = coalesce(p.amount, excluded.amount),
       currency = case when p.amount is null then excluded.currency else p.currency end
 where array_position(array['pending', 'settled', 'declined'], excluded.outcome)
     > array_position(array['pending', 'settled', 'declined'], p.outcome)
returning id, amount, currency
"""


@dataclass(frozen=True, slots=True)
class BankPayout:
    """A payout as it was last heard of. ``amount`` None: the provider did not say."""

    id: UUID
    provider: str
    ref: str
    live: bool
    amount: Money | None
    state: State
    code: str
    seen_at: datetime
    changed_at: datetime

    @property
    def failed(self) -> bool:
        """Whether the money did not arrive although it was meant to."""
        return self.state == "declined" and self.code != CANCELLED


async def heard(tenant: UUID, provider: str, ref: str, *, live: bool) -> str:
    """An event about a payout: ask how it stands, and keep that. Returns a remark for the operator, mostly none.

    Outside any unit; may be repeated. Raises Unavailable when the provider cannot say now: to be tried again.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    if not ref:
        return "nothing to look up"
    try:
        said = await (await providers.provider(tenant, provider, for_new=False)).look_up_payout("", ref)
    except InvalidInput as error:
        return f"no payout of ours ({error.code})"
    if said.outcome is Outcome.NOT_SENT:
        return "no payout of ours"
    if said.outcome is Outcome.UNKNOWN:
        raise Unavailable("nobody can say how the payout stands", code=said.code or "unknown")
    await apply(tenant, provider, ref, said, live=live)
    return f"did not arrive: {said.code}" if said.outcome is Outcome.DECLINED else ""


async def apply(tenant: UUID, provider: str, ref: str, said: PayoutResult, *, live: bool) -> None:
    """Move what is known of a payout forward to what the provider says: pending, settled or declined."""
    state, amount = _STATES[said.outcome], said.amount
    code = said.code if state == "declined" else ""
    async with db.unit(tenant):
        row = await db.fetchrow(
            _MOVE, tenant, new_id(), provider, ref, live, amount.units if amount else None,
            amount.currency if amount else "", state, code, clock.now(),
        )  # fmt: skip
        if row is None or state != "declined" or code == CANCELLED:
            return
        facts = {
            "payout": str(row["id"]), "provider": provider, "ref": ref,
            "code": code, "live": live, "amount": row["amount"], "currency": row["currency"], "customer": "",
        }  # fmt: skip
        await emit("payout.failed", facts, tenant=tenant)
    log.warning("a payout did not reach the bank", provider=provider, ref=ref, code=code)


async def listed(tenant: UUID, keys: list[str], *, limit: int = 20) -> list[BankPayout]:
    """The payouts of these providers, the latest news first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from payments.bank_payout"  # noqa: S608 - constants
            " where tenant_id = $1 and provider = any($2) order by changed_at desc, id desc limit $3",
            tenant,
            keys,
            limit,
        )
    return [_payout(row) for row in rows]


async def latest(tenant: UUID, provider: str, *, live: bool) -> BankPayout | None:
    """The last one of which something new was heard, not counting those that were called back."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {_COLUMNS} from payments.bank_payout"  # noqa: S608 - constants
            " where tenant_id = $1 and provider = $2 and live = $3 and not (outcome = 'declined' and code = $4)"
            " order by changed_at desc, id desc limit 1",
            tenant,
            provider,
            live,
            CANCELLED,
        )
    return None if row is None else _payout(row)


def _payout(row: Any) -> BankPayout:
    amount = None if row["amount"] is None else Money(row["amount"], row["currency"])
    return BankPayout(
        row["id"], row["provider"], row["ref"], row["live"], amount, row["outcome"], row["code"], row["seen_at"],
        row["changed_at"],
    )  # fmt: skip
