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
from uuid import UUID

import asyncpg

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
_NO_MONTH = datetime(1970, 1, 1, tzinfo=UTC)  # reports without a start are told apart all the same


@dataclass(slots=True, eq=False)
class Item:
    """One report on its way: who reports it for which tenant, and the answer once there is one."""

    tenant: UUID
    zone: str
    event: UsageEvent
    actor: str
    id: UUID | None = None
    result: UsageResult | None = None


async def book(items: Sequence[Item]) -> None:
    """Book what can be booked and set ``result`` on every item.

    Items of several tenants may be mixed. Raises Unavailable when other trains kept winning the race;
    nothing of the rest is booked then and the same items may be sent again. Inside an open unit a lost race
    ends the unit instead (asyncpg.SerializationError): its owner runs it again.
    """
    refused: list[tuple[Item, Reason, str]] = []
    waiting: list[Item] = []
    instant = now()
    for item in items:
        wrong = problem(item.event, instant)
        if wrong is None:
            event = item.event
            item.id = usage_id(item.tenant, event.source, event.id, event.started_at)  # type: ignore[arg-type]
            waiting.append(item)
        else:
            refused.append((item, *wrong))
    await months.ensure({item.event.started_at for item in waiting if item.event.started_at is not None})
    while waiting:
        first: dict[UUID | None, Item] = {}
        repeats = [item for item in waiting if first.setdefault(item.id, item) is not item]
        await _until_booked(list(first.values()), refused)
        waiting = repeats
    await _refuse(refused)


async def _until_booked(waiting: list[Item], refused: list[tuple[Item, Reason, str]]) -> None:
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


async def _once(waiting: list[Item], refused: list[tuple[Item, Reason, str]]) -> list[Item]:
    """Rate and post; returns what has to be tried again."""
    rater = await Rater.prepare([(i.tenant, i.zone, i.event) for i in waiting])
    priced: list[Priced] = []
    posted: list[Item] = []
    told: list[tuple[Item, Reason, str]] = []
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


def _conflict(item: Item) -> UsageResult:
    return UsageResult(id=item.event.id, status="conflict", reason=Reason.CONFLICT.value)


async def _refuse(refused: list[tuple[Item, Reason, str]]) -> None:
    """Keep refusals; of several with one id the first is asked first, the others after it."""
    while refused:
        turn: dict[tuple[UUID, UUID], tuple[Item, Reason, str]] = {}
        later: list[tuple[Item, Reason, str]] = []
        for entry in refused:
            item = entry[0]
            if item.id is None:
                item.id = usage_id(item.tenant, item.event.source, item.event.id, item.event.started_at or _NO_MONTH)
            if turn.setdefault((item.tenant, item.id), entry) is not entry:
                later.append(entry)
        statuses = await refusals.record([(t, u, i.event, reason) for (t, u), (i, reason, _) in turn.items()])
        for (item, reason, detail), status in zip(turn.values(), statuses, strict=True):
            item.result = (
                _conflict(item)
                if status == "conflict"
                else UsageResult(id=item.event.id, status=status, reason=reason.value, detail=detail)  # type: ignore[arg-type]
            )
        refused = later
