"""Admitting calls: one round trip for a convoy of them, tenants mixed.

What a price depends on is remembered for each customer and compared by the database while it decides; who is mistaken
is told what is so and asks again. Where the money does not do for a whole quantum, as much is held as it pays for.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from askpro import db
from askpro.calls.control.cover import LONGEST, Cover, Quote, quote
from askpro.calls.control.model import CallStart, Decision
from askpro.calls.control.verdicts import decided, reason_of
from askpro.clock import civil_day
from askpro.errors import Unavailable
from askpro.ids import usage_id
from askpro.ledger.holds import HoldAnswer
from askpro.tariffs import chains
from askpro.tariffs.chain import Refusal

__all__ = ("Admitted", "Asked", "admit")

_AUTHORIZE = """
select status, held, wholesale, cover, extends, available, reseller_available, rest, longest, soft, used,
       customer_id, plan_id, wallet_id, currency, epoch
  from calls.authorize($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                       $22, $23) order by ord
"""
_ATTEMPTS = 12
_NIL = UUID(int=0)
_MOST_KNOWN = 50_000


@dataclass(slots=True, eq=False)
class Asked:
    """A request to begin a call, and how far it has come."""

    tenant: UUID
    zone: str
    start: CallStart
    at: datetime
    actor: str
    id: UUID = field(init=False)
    day: date = field(init=False)
    quote: Quote | None = None
    cover: Cover | None = None

    def __post_init__(self) -> None:
        start = self.start
        self.id = usage_id(self.tenant, start.source, start.id, start.started_at)
        self.day = civil_day(start.started_at, self.zone)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The answer, and what the caps are kept by."""

    decision: Decision
    wallet: UUID | None
    day: date


@dataclass(slots=True)
class _Known:
    """A customer as the database had it; ``used``: metered seconds of a civil month."""

    customer: UUID
    plan: UUID | None
    wallet: UUID
    currency: str
    epoch: int
    used: dict[date, int] = field(default_factory=dict)


_known: OrderedDict[tuple[UUID, str], _Known] = OrderedDict()


async def admit(asked: Sequence[Asked]) -> list[Admitted]:
    """Decide for each. Raises Unavailable when others kept being faster."""
    found: dict[int, Admitted] = {}
    waiting = list(range(len(asked)))
    for attempt in range(_ATTEMPTS):
        first: dict[UUID, int] = {}
        for n in waiting:
            first.setdefault(asked[n].id, n)
        turn = list(first.values())  # the same call twice in one convoy: the second hears what became of the first
        rows = [await _row(asked[n]) for n in turn]
        try:
            answers = await db.call(_AUTHORIZE, *zip(*rows, strict=True))
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
            await asyncio.sleep(0.002 * attempt)
            continue
        for n, answer in zip(turn, answers, strict=True):
            decision = _answered(asked[n], answer)
            if decision is not None:
                found[n] = Admitted(decision, answer["wallet_id"], asked[n].day)
        waiting = [n for n in waiting if n not in found]
        if not waiting:
            return [found[n] for n in range(len(asked))]
    raise Unavailable("too many calls of the same wallet at once", code="busy")


def _key(one: Asked) -> tuple[UUID, str]:
    return one.tenant, one.start.customer


async def _row(one: Asked) -> tuple[Any, ...]:
    """The call as the database is asked about it; prices as far as they are known."""
    start, known = one.start, _known.get(_key(one))
    verdict, money, metered, used = "ok", Cover(0, 0, 0), False, -1
    if known is not None:
        cards = await chains.cached(one.tenant, known.epoch)
        card = cards.chain_for(known.customer, known.plan, known.currency, one.at)
        month = one.day.replace(day=1)
        before = known.used.get(month, -2)  # -2: to be told
        found: Quote | Refusal = (
            Refusal("rate_missing")
            if card is None
            else quote(card.retail, card.wholesale, start.direction, start.to_number, used=max(before, 0))  # type: ignore[arg-type]
        )
        if isinstance(found, Refusal):
            verdict = found.reason
        else:
            one.quote = found
            money = one.cover or found.first()
            metered = found.metered
            if found.staged:
                used = before
                known.used[month] = max(before, 0) + (money.seconds if metered else 0)  # for the next in this convoy
    return (
        one.tenant,
        start.customer,
        known.customer if known else _NIL,
        known.plan if known else None,
        known.wallet if known else _NIL,
        known.epoch if known else 0,
        verdict,
        one.id,
        start.line,
        start.source,
        start.id,
        0 if start.direction == "inbound" else 1,
        start.from_number,
        start.to_number,
        start.started_at,
        one.day,
        one.at,
        one.actor,
        money.price,
        money.wholesale,
        money.seconds,
        metered,
        used,
    )


def _answered(one: Asked, answer: Any) -> Decision | None:
    """What the answer means; None: ask again."""
    hold = HoldAnswer(*answer[:11])
    known = _known.get(_key(one))
    if hold.used is not None and known is not None:
        known.used[one.day.replace(day=1)] = hold.used
    match hold.status:
        case "stale":
            _remember(one, answer)
            return None
        case "moved":
            return None
        case "held" | "duplicate" if one.quote is not None:
            return decided(one.id, one.quote, hold, elapsed=0, currency=answer["currency"])
    if hold.status == "duplicate":  # it was admitted, and nothing would be sold any more
        return Decision(
            one.id, True, "", hold.cover, hold.cover, 1, True, hold.held, answer["currency"] or "", hold.extends
        )
    if one.quote is not None and hold.available is not None:  # money, or a cap on it: does it do for less?
        least = hold.available if hold.rest is None else min(hold.available, hold.rest)
        seconds = one.quote.most(least, hold.reseller_available, longest=min(LONGEST, hold.longest or LONGEST))
        smaller = one.quote.for_seconds(seconds) if seconds else None
        before = one.cover or one.quote.first()
        if smaller is not None and (smaller.price, smaller.wholesale) != (before.price, before.wholesale):
            one.cover = smaller
            return None
    return Decision(one.id, False, reason_of(hold.status), currency=answer["currency"] or "", soft=tuple(hold.soft))


def _remember(one: Asked, answer: Any) -> None:
    key = _key(one)
    _known[key] = _Known(
        answer["customer_id"], answer["plan_id"], answer["wallet_id"], answer["currency"], answer["epoch"]
    )
    _known.move_to_end(key)
    while len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)
