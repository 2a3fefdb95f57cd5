"""The end of a call: booked as any report is, by the same rating and the same posting, which frees what was held (D6).

A call that its money does not cover may overrun it by the price of one quantum; talk beyond that is cut off, billed to
nobody and told. So a switch that does not hang up costs a minute, not a night.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from msgspec import structs

from askpro import clock, db
from askpro.actor import Actor
from askpro.calls.book import Item, book
from askpro.calls.check import problem
from askpro.calls.control.cover import LONGEST, Quote
from askpro.calls.control.model import CallEnd, Settled
from askpro.calls.control.progress import InProgress, event_of, price_of, talked
from askpro.calls.events import Reason, UsageEvent, UsageResult
from askpro.calls.train import Train
from askpro.errors import Conflict, InvalidInput
from askpro.events.outbox import emit
from askpro.ledger import holds
from askpro.tariffs.chain import Refusal

__all__ = ("finish",)

_TURNS = 6
_WORDS = {Reason.CONFLICT: "another call, or this one with other facts, is booked under its id"}


class _TooFarError(Exception):
    """A booking that goes further beyond its money than it may. ``paid``: what the wallet could pay (10⁻⁶)."""

    def __init__(self, paid: int) -> None:
        super().__init__(paid)
        self.paid = paid


async def finish(tenant: UUID, call: UUID, found: InProgress, end: CallEnd, *, train: Train, by: Actor) -> Settled:
    """Book a call under control. Asked again, it gives the same answer.

    Raises InvalidInput (what ``calls.check`` refuses), Conflict (``conflict``, or why it has no price).
    """
    event = event_of(found, end)
    wrong = problem(event, clock.now())
    if wrong is not None:
        raise InvalidInput(wrong[1] or wrong[0].value, code=wrong[0].value)
    answered = event.answered_at if event.connected else None
    if found.unbilled and answered is not None:
        event = _shortened(event, max(0, talked(answered, end.ended_at) - found.unbilled))
    seconds = talked(answered, end.ended_at)
    quote = await price_of(
        tenant, found._replace(answered_at=answered), end.ended_at, tokens=end.tokens, bookings=end.bookings
    )
    if found.state == "finished" or isinstance(quote, Refusal) or quote.price(seconds) <= found.held:
        [result] = await train.submit(tenant, found.zone, [event], by=by)
        return _settled(call, result, found.unbilled)
    result, unbilled = await db.retrying(lambda: _beyond(tenant, call, found, event, quote, by))
    return _settled(call, result, unbilled)


async def _beyond(
    tenant: UUID, call: UUID, found: InProgress, event: UsageEvent, quote: Quote, by: Actor
) -> tuple[UsageResult, int]:
    """Book what may cost more than is held; (the result, seconds that were cut off)."""
    talk, unbilled = talked(event.answered_at, event.ended_at), 0  # type: ignore[arg-type]
    async with db.unit(tenant):
        for _ in range(_TURNS):
            seconds = talk - unbilled
            try:
                result = await _booked(tenant, found.zone, _shortened(event, seconds) if unbilled else event, quote, by)
            except _TooFarError as over:
                allowed = over.paid + quote.quantum(quote.most(over.paid, longest=max(LONGEST, talk)))
                unbilled = talk - min(seconds - 1, quote.most(allowed, longest=talk))
                continue
            if result.overrun:
                await emit(
                    "call.overrun",
                    {"call": call, "overrun": result.overrun, "currency": found.currency, "unbilled_seconds": unbilled},
                    tenant=tenant,
                )
            if unbilled:
                await holds.note_unbilled(tenant, call, unbilled)
            return result, unbilled
    raise Conflict("the wallet keeps changing", code="busy")


async def _booked(tenant: UUID, zone: str, event: UsageEvent, quote: Quote, by: Actor) -> UsageResult:
    """Book it in a savepoint. Raises _TooFarError when that would go more than a quantum beyond the money."""
    item = Item(tenant, zone, event, str(by))
    async with db.unit(tenant):
        await book([item])
        result = item.result
        if result is None:
            raise AssertionError("unreachable")
        if result.status == "booked" and result.price is not None and result.overrun:
            paid = result.price - result.overrun
            if result.overrun > quote.quantum(quote.most(paid)):
                raise _TooFarError(paid)
    return result


def _shortened(event: UsageEvent, seconds: int) -> UsageEvent:
    """The call as if it had ended after so many seconds of talk."""
    return structs.replace(event, ended_at=event.answered_at + timedelta(seconds=seconds))  # type: ignore[operator]


def _settled(call: UUID, result: UsageResult, unbilled: int) -> Settled:
    status: Literal["booked", "duplicate"]
    if result.status == "booked":
        status = "booked"
    elif result.status == "duplicate" and not result.reason:
        status = "duplicate"
    else:
        raise Conflict(_WORDS.get(Reason(result.reason), result.detail), code=result.reason)
    if result.price is None or result.billed_seconds is None or result.balance is None:
        raise AssertionError("a booked call has a price")
    return Settled(
        call, status, result.currency, result.price, result.billed_seconds, result.balance, result.overrun, unbilled
    )
