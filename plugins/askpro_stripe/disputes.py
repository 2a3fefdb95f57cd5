"""Disputes: a bank wants money back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from askpro.errors import NotFound
from askpro.money import Money
from askpro.sdk import Context, Dispute, DisputeState
from askpro_stripe.client import Gone, ask, connect
from askpro_stripe.currencies import from_stripe
from askpro_stripe.outcomes import identifier
from askpro_stripe.params import KEY
from askpro_stripe.payments import is_ours
from askpro_stripe.scope import every_scope
from askpro_stripe.shares_waiting import news

__all__ = ("look_up_dispute", "of_dispute")

_OVER = {
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "warning_closed": DisputeState.WON,  # an inquiry that came to nothing
    "prevented": DisputeState.WON,  # settled before it became one
}


async def look_up_dispute(ctx: Context, ref: str) -> Dispute:
    """See Disputes. Raises NotFound for a dispute about somebody else's payment."""
    for scope in every_scope(ctx):
        try:
            found = await ask(connect(ctx, scope).disputes.retrieve_async(ref, {"expand": ["payment_intent"]}))
        except Gone:
            continue
        if is_ours(ctx, found.get("payment_intent")):
            await news(ctx, str(found["payment_intent"]["metadata"].get(KEY) or ""))
            return of_dispute(found)
    raise NotFound("there is no such dispute about a payment of this tenant")


def of_dispute(found: Mapping[str, Any]) -> Dispute:
    """A dispute in the words of the contract. Whether money was taken is read from the movements, not from a word."""
    moved = [one for one in found.get("balance_transactions") or () if isinstance(one, Mapping)]
    state = _OVER.get(str(found.get("status")))
    if state is None:
        withdrawn = sum(int(one["amount"]) for one in moved) < 0
        state = DisputeState.WITHDRAWN if withdrawn else DisputeState.OPEN
    due = (found.get("evidence_details") or {}).get("due_by")
    return Dispute(
        ref=str(found["id"]),
        payment_ref=identifier(found.get("payment_intent")),
        amount=from_stripe(int(found["amount"]), str(found["currency"])),
        state=state,
        fee=_fees(moved),
        reason=str(found.get("reason") or ""),
        answer_by=datetime.fromtimestamp(int(due), UTC) if due else None,
    )


def _fees(moved: list[Mapping[str, Any]]) -> Money | None:
    if not moved:
        return None
    return from_stripe(sum(int(one["fee"]) for one in moved), str(moved[0]["currency"]))
