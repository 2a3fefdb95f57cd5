"""From reports to booked calls: check, rate, post, keep what was refused. Few round trips for any number of calls.

Nothing here decides about money: a finished call is booked whatever the wallet holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import structs

from askpro import db
from askpro.calls import refusals
from askpro.calls.attempts import Refused, conflict, duplicate, freely, locked
from askpro.calls.check import problem
from askpro.calls.content import digest, storable
from askpro.calls.events import Reason, UsageEvent, UsageResult
from askpro.calls.item import Item
from askpro.clock import now
from askpro.errors import Unavailable
from askpro.ids import usage_id
from askpro.ledger import months
from askpro.ledger.usage import prices

__all__ = ("Item", "book")

_ATTEMPTS = 8
_NO_MONTH = datetime(1970, 1, 1, tzinfo=UTC)


async def book(items: Sequence[Item]) -> None:
    """Book what can be booked and set ``result`` on every item.

    Items of several tenants may be mixed; those that have their result already are left alone. Several reports with
    one id are answered as if each had come by itself, in this order. Raises Unavailable when other trains kept winning
    the race; what was booked by then has its result, and the rest may be sent again. Inside an open unit a lost race
    ends the unit instead (asyncpg.SerializationError): its owner runs it again.
    """
    waiting = [item for item in items if item.result is None]
    instant = now()
    for item in waiting:
        item.id = _identity(item)
    there: set[UUID | None] = set()
    while waiting:
        turn, later = _in_turn(waiting, there)
        refused: list[Refused] = []
        sound: list[Item] = []
        for item in turn:
            wrong = problem(item.event, instant)
            if wrong is None:
                sound.append(item)
            else:
                refused.append((item, *wrong))
        if sound:
            await months.ensure(item.event.started_at for item in sound if item.event.started_at is not None)
            await _until_booked(sound, refused)
        await _refuse(refused)
        waiting = _after(turn, later, there) if later else later
    await _recall(items)


async def _recall(items: Sequence[Item]) -> None:
    """What repeats of booked calls were told at first: price and seconds. One round trip more, and only for them."""
    again = [(item, known) for item in items if (known := item.result) and known.unpriced]
    found = await prices([(item.tenant, item.id) for item, _ in again if item.id is not None]) if again else ()
    for (item, known), booked in zip(again, found, strict=True):
        if booked is not None:
            item.result = structs.replace(known, price=booked[0], billed_seconds=booked[1])


def _in_turn(waiting: list[Item], there: set[UUID | None]) -> tuple[list[Item], list[Item]]:
    """The first of each id, and all whose call is booked: their answers depend on nothing that is yet to come."""
    first: dict[UUID | None, Item] = {}
    turn, later = list[Item](), list[Item]()
    for item in waiting:
        (turn if item.id in there or first.setdefault(item.id, item) is item else later).append(item)
    return turn, later


def _after(turn: list[Item], later: list[Item], there: set[UUID | None]) -> list[Item]:
    """What is still to be asked of ``later``: a report refused a moment ago is a duplicate when it comes again."""
    refused: dict[UUID | None, tuple[UsageEvent, UsageResult]] = {}
    for item in turn:
        if item.result is not None and item.result.reason not in ("", Reason.CONFLICT):
            refused[item.id] = item.event, item.result
        else:
            there.add(item.id)
    rest = []
    for item in later:
        before = refused.get(item.id)
        if before is not None and before[0] == item.event:
            item.result = structs.replace(before[1], status="duplicate")
        else:
            refused.pop(item.id, None)
            rest.append(item)
    return rest


def _identity(item: Item) -> UUID:
    """The call's id. Reports that name no call, or no time, are told apart all the same."""
    event, began = item.event, item.event.started_at
    name = event.id or digest(event).hex()
    if began is None or began.tzinfo is None or not 1 < began.year < 9999:
        began = _NO_MONTH
    try:
        return usage_id(item.tenant, event.source, name, began)
    except UnicodeEncodeError:  # half a character; it will be refused as what it is stored as
        return usage_id(item.tenant, storable(event.source), storable(name), began)


async def _until_booked(waiting: list[Item], refused: list[Refused]) -> None:
    attempt = freely
    for pause in range(_ATTEMPTS):
        try:
            waiting, told = await attempt(waiting)
            refused += told
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if db.current() is not None:
                raise
            await asyncio.sleep(0.002 * pause)
        if not waiting:
            return
        attempt = locked
    raise Unavailable("too many reports for the same calls at once", code="busy")


async def _refuse(refused: list[Refused]) -> None:
    """Keep what was refused. Whose call is booked nevertheless, under earlier prices, hears that."""
    asked = [(item.tenant, item.id, item.event, reason) for item, reason, _ in refused]
    answers = await refusals.record(asked)  # type: ignore[arg-type]
    for (item, reason, detail), answer in zip(refused, answers, strict=True):
        if answer.status == "conflict":
            item.result = conflict(item)
        elif answer.status == "known":
            item.result = duplicate(item, answer.currency, answer.balance, answer.overrun)
        else:
            status: Any = answer.status
            item.result = UsageResult(id=item.event.id, status=status, reason=reason.value, detail=detail)
