"""What call control answers through API v2. What it is asked are ``calls.control.model``'s own structs."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from askpro.calls.control.model import Decision, Settled
from askpro.web.api.schemas import Money, money

__all__ = ("CallCancelled", "CallDecision", "CallSettled", "decision_of", "settled_of")

CallId = Annotated[UUID, Meta(description="The call's id here, for the next steps and for `GET /calls/{call_id}`.")]


class CallDecision(Struct, frozen=True, omit_defaults=True):
    """Whether the call may begin, or go on."""

    call_id: CallId
    allowed: bool
    seconds_left: Annotated[int, Meta(description="Of talk, if nobody else spends the money meanwhile.")]
    covered_seconds: Annotated[int, Meta(description="Of these, what is held for this call and certain.")]
    next_in: Annotated[int, Meta(description="Seconds until the next `extend` is expected.")]
    wrap_up: Annotated[bool, Meta(description="No more than what is covered will come: bring the call to its end.")]
    seq: Annotated[int, Meta(description="The last number that `extend` has taken.")]
    reason: Annotated[str, Meta(description="Why it is refused, or why nothing more will be held.")] = ""
    held: Money | None = None
    warnings: Annotated[list[str], Meta(description="Soft spending caps that are passed: `customer_day` …")] = []


class CallSettled(Struct, frozen=True, omit_defaults=True):
    """A call that is over and booked. ``duplicate``: it was before, and this is the same answer."""

    call_id: CallId
    status: Literal["booked", "duplicate"]
    price: Money
    balance_after: Money
    billed_seconds: int
    overrun: Annotated[Money | None, Meta(description="What the wallet could not cover; absent: nothing.")] = None
    unbilled_seconds: Annotated[int, Meta(description="Talk long after the money was used up, cut off the bill.")] = 0


class CallCancelled(Struct, frozen=True):
    """A call that did not come about; nothing is held for it."""

    call_id: CallId
    status: Literal["cancelled"] = "cancelled"


def decision_of(found: Decision) -> CallDecision:
    """A decision as it is answered."""
    return CallDecision(
        call_id=found.call,
        allowed=found.allowed,
        seconds_left=found.seconds_left,
        covered_seconds=found.covered,
        next_in=found.next_in,
        wrap_up=found.wrap_up,
        seq=found.seq,
        reason=found.reason,
        held=money(found.held, found.currency) if found.currency else None,
        warnings=list(found.soft),
    )


def settled_of(found: Settled) -> CallSettled:
    """A booked call as it is answered."""
    return CallSettled(
        call_id=found.call,
        status=found.status,
        price=money(found.price, found.currency),
        balance_after=money(found.balance, found.currency),
        billed_seconds=found.billed_seconds,
        overrun=money(found.overrun, found.currency) if found.overrun else None,
        unbilled_seconds=found.unbilled_seconds,
    )
