"""Calls whose hang-up was lost: settled at the last second that is proven (D6, failure 15).

Without a sign of life for two quanta a call is over. Its price up to the last sign is taken at once and what was held
is free. Its record may still come, from the switch or in a file: then the charge is reversed and the record booked, in
one transaction, by whatever way it came. If it has not come by then, what was proven is booked as the call.

A call that cannot be settled is put off by itself, for longer each time, and keeps no other waiting. One that is
refused as a record (its customer has no rate for it) stands in the list of refused calls, and nothing is held for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.calls.control.cover import QUANTUM
from askpro.calls.control.model import CallEnd
from askpro.calls.control.progress import InProgress, event_of, look_up, price_of, talked
from askpro.calls.train import book_reports
from askpro.events.outbox import emit
from askpro.ledger import holds
from askpro.ledger.holds import Due, Reaping
from askpro.tariffs.chain import Refusal

__all__ = ("GRACE", "SILENCE", "Reaped", "reap")

log = logging.getLogger("askpro.calls")

SILENCE = timedelta(seconds=2 * QUANTUM)
"""Without a sign of life for so long, a call is over."""

GRACE = timedelta(hours=48)
"""For so long a reaped call's own record is waited for, and for so long it is tried to price a silent one."""

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
    due = await holds.due(at, SILENCE, GRACE, limit=_AT_ONCE)
    looked = await look_up([(call.tenant, call.id) for call in due]) if due else []
    # what somebody else has ended meanwhile is nobody's business any more
    found = [(call, seen) for call, seen in zip(due, looked, strict=True) if seen is None or seen.state == call.state]
    charged, released = await _settle([one for one in found if one[0].state == "open"], at)
    booked = 0
    for call, seen in found:
        if call.state == "reaped":
            booked += await _book(call, seen, at)
    return Reaped(charged, released, booked)


async def _settle(silent: Sequence[tuple[Due, InProgress | None]], at: datetime) -> tuple[int, int]:
    """Charge or release open calls; (how many were charged, released)."""
    reapings, seen_of = list[Reaping](), list[InProgress | None]()
    for call, seen in silent:
        reaping = await _reaping(call, seen, at)
        if reaping is not None:
            reapings.append(reaping)
            seen_of.append(seen)
    charged = released = 0
    for reaping, seen, (status, amount) in zip(reapings, seen_of, await _reaped(reapings, at), strict=True):
        charged += status == "reaped"
        released += status == "cancelled"
        if status == "reaped" and seen is not None:
            await _tell(reaping, seen, amount)
    return charged, released


async def _reaping(call: Due, seen: InProgress | None, at: datetime) -> Reaping | None:
    """What the call is to be charged; None: it cannot be said now. What has no price costs what was held for it."""
    held = Reaping(call.tenant, call.id, call.beat, call.held, call.wholesale)
    if seen is None:  # its customer cannot be found under that number any more
        return held
    try:
        quote = await price_of(call.tenant, seen, seen.heartbeat_at)
    except Exception as error:
        if at - call.beat >= GRACE:
            return held
        await _put_off(call.tenant, call.id, at, repr(error))
        return None
    if isinstance(quote, Refusal):
        return Reaping(call.tenant, call.id, seen.heartbeat_at, seen.held, seen.wholesale)
    seconds = talked(seen.answered_at, seen.heartbeat_at)
    return Reaping(call.tenant, call.id, seen.heartbeat_at, quote.price(seconds), quote.cost(seconds))


async def _reaped(reapings: Sequence[Reaping], at: datetime) -> list[tuple[str, int]]:
    """All in one round trip; if that fails each by itself, and whoever fails then is put off."""
    if not reapings:
        return []
    try:
        return await holds.reap(reapings, actor=str(_BY), at=at)
    except Exception:
        log.warning("silent calls are settled one by one: together they failed", exc_info=True)
    answers = []
    for one in reapings:
        try:
            answers += await holds.reap([one], actor=str(_BY), at=at)
        except Exception as error:
            await _put_off(one.tenant, one.id, at, repr(error))
            answers.append(("failed", 0))
    return answers


async def _tell(call: Reaping, seen: InProgress, amount: int) -> None:
    facts = {"call": call.id, "external_id": seen.external_id, "charged": amount, "currency": seen.currency}
    try:
        async with db.unit(call.tenant):
            await emit("call.reaped", facts, tenant=call.tenant)
    except Exception:
        log.exception("a reaped call could not be told: tenant %s, call %s", call.tenant, call.id)


async def _book(call: Due, seen: InProgress | None, at: datetime) -> bool:
    """Book what was proven. What is refused is kept by the booking as every refused report is."""
    if seen is None:
        await _put_off(call.tenant, call.id, at, "its customer cannot be found")
        return False
    ended = max(seen.heartbeat_at, seen.answered_at or seen.heartbeat_at)
    end = CallEnd(ended_at=ended, answered_at=seen.answered_at, tokens=seen.tokens, bookings=seen.bookings)
    try:
        [result] = await book_reports(call.tenant, seen.zone, [event_of(seen, end)], by=_BY)
    except Exception as error:
        await _put_off(call.tenant, call.id, at, repr(error))
        return False
    if result.status != "booked":
        await _put_off(call.tenant, call.id, at, result.reason)
    return result.status == "booked"


async def _put_off(tenant: UUID, call: UUID, at: datetime, why: object) -> None:
    """Try it again later."""
    log.warning("a silent call cannot be settled: tenant %s, call %s: %s", tenant, call, why)
    try:
        await holds.put_off(tenant, call, at)
    except Exception:
        log.exception("a silent call could not be put off: tenant %s, call %s", tenant, call)
