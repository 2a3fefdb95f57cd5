"""How the ledger's answer to a hold reads as a decision. Pure."""

from __future__ import annotations

from uuid import UUID

from askpro.calls.control.cover import LEAD, LONGEST, QUANTUM, Quote
from askpro.calls.control.model import Decision
from askpro.ledger.holds import HoldAnswer

__all__ = ("REASONS", "decided", "reason_of")

REASONS = {
    "funds": "insufficient_funds",
    "reseller_funds": "reseller_funds",
    "frozen": "wallet_frozen",
    "closed": "call_over",
    "conflict": "id_in_use",
}
"""The ledger's words for a refusal that are not the API's; all others stand as they are."""


def reason_of(status: str) -> str:
    """Why a call may not begin or go on, in the API's words."""
    if status.endswith(("_day", "_week", "_month")):
        return f"{status}_limit"
    return REASONS.get(status, status)


def decided(
    call: UUID, quote: Quote, hold: HoldAnswer, *, elapsed: int, currency: str, reason: str = "", go_on: bool = True
) -> Decision:
    """What telephony is told of a call that holds ``hold`` after ``elapsed`` seconds of talk.

    ``go_on`` False: nothing more will be held for it, whatever the wallet has. The call may last as long as it is
    covered in any case: that has been paid for.
    """
    longest = min(LONGEST, hold.longest or LONGEST)
    last = hold.cover
    if go_on and hold.available is not None:
        free = max(0, hold.available if hold.rest is None else min(hold.available, hold.rest))
        above = None if hold.reseller_available is None else hold.wholesale + max(0, hold.reseller_available)
        last = max(last, quote.most(hold.held + free, above, longest=longest))
    last = min(last, longest)
    left, covered = max(0, last - elapsed), max(0, min(hold.cover, longest) - elapsed)
    over = last <= hold.cover
    return Decision(
        call,
        left > 0,
        reason if reason or left > 0 else "too_long" if last >= longest else "insufficient_funds",
        seconds_left=left,
        covered=covered,
        next_in=max(1, min(QUANTUM, covered - LEAD)),
        wrap_up=over,
        held=hold.held,
        currency=currency,
        seq=hold.extends,
        soft=tuple(hold.soft),
    )
