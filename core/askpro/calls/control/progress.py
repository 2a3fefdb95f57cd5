"""Calls in progress as the database has them, and their prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from askpro import db
from askpro.calls.control.cover import Quote, quote
from askpro.calls.control.model import CallEnd
from askpro.calls.events import UsageEvent
from askpro.tariffs import chains
from askpro.tariffs.chain import Refusal

__all__ = ("InProgress", "event_of", "look_up", "price_of", "talked")

_LOOK = """
select ord, state, customer, customer_id, plan_id, allowed, currency, direction, caller, callee, source, external_id,
       began_at, answered_at, heartbeat_at, held, wholesale, cover, extends, tokens, bookings, prepaid, unbilled, zone,
       epoch, used from calls.in_progress($1, $2)
"""
_SECOND = timedelta(seconds=1)


class InProgress(NamedTuple):
    """A call under control. ``allowed``: its customer and reseller may still make calls. Money in 10⁻⁶."""

    state: str
    customer: str
    customer_id: UUID
    plan_id: UUID | None
    allowed: bool
    currency: str
    direction: int
    caller: str
    callee: str
    source: str
    external_id: str
    began_at: datetime
    answered_at: datetime | None
    heartbeat_at: datetime
    held: int
    wholesale: int
    cover: int
    extends: int
    tokens: int
    bookings: int
    prepaid: bool
    unbilled: int
    zone: str
    epoch: int
    used: int


async def look_up(calls: Sequence[tuple[UUID, UUID]]) -> list[InProgress | None]:
    """Each (tenant, call); None where there is no such call."""
    found: list[InProgress | None] = [None] * len(calls)
    for row in await db.call(_LOOK, [tenant for tenant, _ in calls], [call for _, call in calls]):
        found[row[0] - 1] = InProgress(*row[1:])
    return found


async def price_of(
    tenant: UUID, call: InProgress, at: datetime, *, tokens: int = 0, bookings: int = 0
) -> Quote | Refusal:
    """The call's prices: those in force when it was answered (D2), or at ``at`` as long as it was not."""
    cards = await chains.cached(tenant, call.epoch)
    card = cards.chain_for(call.customer_id, call.plan_id, call.currency, call.answered_at or at)
    if card is None:
        return Refusal("rate_missing")
    return quote(
        card.retail,
        card.wholesale,
        "outbound" if call.direction else "inbound",
        call.callee,
        used=call.used,
        tokens=max(tokens, call.tokens),
        bookings=max(bookings, call.bookings),
    )


def talked(answered: datetime | None, until: datetime) -> int:
    """Seconds of talk begun by then (D1)."""
    return 0 if answered is None or until <= answered else -((answered - until) // _SECOND)


def event_of(call: InProgress, end: CallEnd) -> UsageEvent:
    """The call's record, word for word what its source would report."""
    return UsageEvent(
        id=call.external_id,
        customer=call.customer,
        direction="outbound" if call.direction else "inbound",
        from_number=call.caller,
        to_number=call.callee,
        started_at=call.began_at,
        answered_at=end.answered_at,
        ended_at=end.ended_at,
        disposition=end.disposition,
        tokens=end.tokens,
        bookings=end.bookings,
        source=call.source,
    )
