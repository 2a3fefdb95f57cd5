"""Calls whose hang-up was lost: settled at the last second that is proven (D6, failure 15).

Without a sign of life for two quanta a call is over. Its price up to the last sign is taken at once and what was held
is free. Its record may still come, from the switch or in a file: then the charge is reversed and the record booked, in
one transaction, by whatever way it came. If it has not come by then, what was proven is booked as the call.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.calls.control.cover import QUANTUM
from askpro.calls.control.model import CallEnd
from askpro.calls.control.progress import InProgress, event_of, look_up, price_of, talked
from askpro.calls.train import book_reports
from askpro.events.outbox import emit
from askpro.ledger import holds
from askpro.ledger.holds import Reaping
from askpro.tariffs.chain import Refusal

__all__ = ("GRACE", "SILENCE", "Reaped", "reap")

log = logging.getLogger("askpro.calls")

SILENCE = timedelta(seconds=2 * QUANTUM)
"""Without a sign of life for so long, a call is over."""

GRACE = timedelta(hours=48)
"""For so long a reaped call's own record is waited for."""

_BY = Actor.system("reaper")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reaped:
    """What a run has done: calls charged, released because nobody had answered, and booked for good."""

    charged: int
    released: int
    booked: int


async def reap() -> Reaped:
    """One run: every open call that is silent, every reaped one whose grace is over (at most 500 of all)."""
    at = clock.now()
    found = await holds.silent(at - SILENCE, at - GRACE, limit=_AT_ONCE)
    calls = [(tenant, call) for tenant, call, _ in found]
    looked = list(zip(calls, await look_up(calls), strict=True)) if calls else []
    silent = [(key, one) for key, one in looked if one is not None and one.state == "open"]
    charged = released = booked = 0
    if silent:
        reapings = [await _reaping(*key, one) for key, one in silent]
        for (key, one), (status, amount) in zip(silent, await holds.reap(reapings, actor=str(_BY), at=at), strict=True):
            charged += status == "reaped"
            released += status == "cancelled"
            if status == "reaped":
                await _tell(*key, one, amount)
    for (tenant, _), last in looked:
        if last is not None and last.state == "reaped":
            booked += await _book(tenant, last)
    return Reaped(charged, released, booked)


async def _reaping(tenant: UUID, call: UUID, one: InProgress) -> Reaping:
    quote = await price_of(tenant, one, one.heartbeat_at)
    if isinstance(quote, Refusal):  # nothing is sold any more; what was held had its price
        return Reaping(tenant, call, one.heartbeat_at, one.held, one.wholesale)
    seconds = talked(one.answered_at, one.heartbeat_at)
    return Reaping(tenant, call, one.heartbeat_at, quote.price(seconds), quote.cost(seconds))


async def _tell(tenant: UUID, call: UUID, one: InProgress, amount: int) -> None:
    facts = {"call": call, "external_id": one.external_id, "charged": amount, "currency": one.currency}
    async with db.unit(tenant):
        await emit("call.reaped", facts, tenant=tenant)


async def _book(tenant: UUID, one: InProgress) -> bool:
    ended = max(one.heartbeat_at, one.answered_at or one.heartbeat_at)
    end = CallEnd(ended_at=ended, answered_at=one.answered_at, tokens=one.tokens, bookings=one.bookings)
    [result] = await book_reports(tenant, one.zone, [event_of(one, end)], by=_BY)
    if result.status == "refused":
        log.warning("a reaped call cannot be booked: tenant %s, %s: %s", tenant, one.external_id, result.reason)
    return result.status == "booked"
