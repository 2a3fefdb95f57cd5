"""From reports to booked calls: check, look up, rate, post. Two round trips for any number of calls.

Prices that build on the month's usage (allowance, volume tiers) are computed for a known state of the
wallet; if somebody was faster, the ledger answers *moved* and those calls are rated again. Nothing here
decides about money: a finished call is booked whatever the wallet holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from msgspec import structs

from askpro import db
from askpro.calls import refusals
from askpro.calls.check import problem
from askpro.calls.events import Reason, UsageEvent, UsageResult
from askpro.calls.rater import Priced, Rater
from askpro.clock import now
from askpro.errors import Unavailable
from askpro.ids import usage_id
from askpro.ledger import months
from askpro.ledger.usage import UsageOutcome, UsageStatus, known, post_usage

__all__ = ("Item", "book")

_ATTEMPTS = 8
_NO_MONTH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Item:
    """One report on its way: who reports it for which tenant, and the answer once there is one."""

    tenant: UUID
    zone: str
    event: UsageEvent
    actor: str
    id: UUID | None = None
    result: UsageResult | None = None


_Refused: TypeAlias = tuple[Item, Reason, str]


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
        refused: list[_Refused] = []
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
    """The call's id; reports whose start says nothing are told apart all the same."""
    event, began = item.event, item.event.started_at
    if began is None or began.tzinfo is None or not 1 < began.year < 9999:
        began = _NO_MONTH
    return usage_id(item.tenant, event.source, event.id, began)


async def _until_booked(waiting: list[Item], refused: list[_Refused]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            waiting = await _once(waiting, refused)
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if db.current() is not None:
                raise
            await asyncio.sleep(0.002 * attempt)
        if not waiting:
            return
    raise Unavailable("too many reports for the same calls at once", code="busy")


async def _once(waiting: list[Item], refused: list[_Refused]) -> list[Item]:
    """Rate and post; returns what has to be tried again."""
    rater = await Rater.prepare([(i.tenant, i.zone, i.event) for i in waiting])
    priced: list[Priced] = []
    posted: list[Item] = []
    told: list[_Refused] = []
    for item in waiting:
        found = rater.price(item.tenant, item.zone, item.event, item.id, item.actor)  # type: ignore[arg-type]
        if isinstance(found, Priced):
            priced.append(found)
            posted.append(item)
        else:
            told.append((item, *found))
    again: list[Item] = []
    if posted:
        await rater.keep_cards()
        outcomes = await post_usage(rater.groups, [p.row for p in priced])
        for item, price, outcome in zip(posted, priced, outcomes, strict=True):
            status = outcome.status
            if status is UsageStatus.BOOKED:
                item.result = UsageResult(
                    id=item.event.id,
                    status="booked",
                    currency=price.currency,
                    price=price.row.price,
                    balance=outcome.balance,
                    overrun=outcome.overrun or 0,
                    billed_seconds=price.row.billed,
                )
            elif status is UsageStatus.DUPLICATE:
                item.result = _duplicate(item, price.currency, outcome)
            elif status is UsageStatus.CONFLICT:
                item.result = _conflict(item)
            else:
                again.append(item)
        if any(o.status is UsageStatus.MOVED for o in outcomes):
            again = await _without_known(again)
    refused += told
    return again


async def _without_known(items: list[Item]) -> list[Item]:
    """A wallet whose calls depend on each other came back: put those that are booked already first and alone.

    They are posted as duplicates next time without dragging the new ones along: their seq no longer matters.
    """
    ids = await known([item.tenant for item in items], [item.id for item in items if item.id is not None])
    if not ids:
        return items
    await _answer_known([item for item in items if item.id in ids])
    return [item for item in items if item.result is None]


async def _answer_known(items: list[Item]) -> None:
    rater = await Rater.prepare([(i.tenant, i.zone, i.event) for i in items])
    rows = []
    for item in items:
        found = rater.price(item.tenant, item.zone, item.event, item.id, item.actor)  # type: ignore[arg-type]
        rows.append(found if isinstance(found, Priced) else None)
    usable = [(item, row) for item, row in zip(items, rows, strict=True) if row is not None]
    for group in rater.groups:
        group.seq = -2  # nothing may be booked in this pass: new calls come back as moved
    await rater.keep_cards()
    outcomes = await post_usage(rater.groups, [row.row for _, row in usable]) if usable else []
    for (item, row), outcome in zip(usable, outcomes, strict=True):
        if outcome.status is UsageStatus.DUPLICATE:
            item.result = _duplicate(item, row.currency, outcome)
        elif outcome.status is UsageStatus.CONFLICT:
            item.result = _conflict(item)


def _duplicate(item: Item, currency: str, outcome: UsageOutcome) -> UsageResult:
    return UsageResult(
        id=item.event.id, status="duplicate", currency=currency, balance=outcome.balance, overrun=outcome.overrun or 0
    )


def _known(item: Item, currency: str | None, balance: int | None, overrun: int | None) -> UsageResult:
    return UsageResult(
        id=item.event.id, status="duplicate", currency=currency or "", balance=balance, overrun=overrun or 0
    )


def _conflict(item: Item) -> UsageResult:
    return UsageResult(id=item.event.id, status="conflict", reason=Reason.CONFLICT.value)


async def _refuse(refused: list[_Refused]) -> None:
    """Keep what was refused. Whose call is booked nevertheless, under earlier prices, hears that."""
    asked = [(item.tenant, item.id, item.event, reason) for item, reason, _ in refused]
    answers = await refusals.record(asked)  # type: ignore[arg-type]
    for (item, reason, detail), answer in zip(refused, answers, strict=True):
        if answer.status == "conflict":
            item.result = _conflict(item)
        elif answer.status == "known":
            item.result = _known(item, answer.currency, answer.balance, answer.overrun)
        else:
            status: Any = answer.status
            item.result = UsageResult(id=item.event.id, status=status, reason=reason.value, detail=detail)
