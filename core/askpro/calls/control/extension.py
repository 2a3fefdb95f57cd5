"""Signs of life, and the next quantum when the last one is nearly over: two round trips for a convoy of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from askpro.calls.control.cover import LEAD, LONGEST, Cover, Quote
from askpro.calls.control.model import Beat, Decision
from askpro.calls.control.progress import InProgress, look_up, price_of, talked
from askpro.calls.control.verdicts import decided, reason_of
from askpro.errors import Unavailable
from askpro.ledger import holds
from askpro.ledger.holds import Extension, HoldAnswer
from askpro.tariffs.chain import Refusal

__all__ = ("Alive", "go_on")

_ATTEMPTS = 12


@dataclass(slots=True, eq=False)
class Alive:
    """A sign of life of a call, and how far its answer has come."""

    tenant: UUID
    call: UUID
    beat: Beat
    at: datetime
    seen: InProgress | None = None
    quote: Quote | None = None
    target: Cover | None = None
    reason: str = ""
    elapsed: int = 0
    day: date | None = None


async def go_on(alive: Sequence[Alive]) -> list[Decision | None]:
    """Decide for each; None: no such call. Raises Unavailable when others kept being faster."""
    found: dict[int, Decision | None] = {}
    waiting = list(range(len(alive)))
    for _ in range(_ATTEMPTS):
        first: dict[tuple[UUID, UUID], int] = {}
        for n in waiting:
            first.setdefault((alive[n].tenant, alive[n].call), n)
        looked = await look_up(list(first))
        turn: list[tuple[int, Extension]] = []
        for n, seen in zip(first.values(), looked, strict=True):
            if seen is None:
                found[n] = None
            elif seen.state != "open":
                found[n] = Decision(alive[n].call, False, "call_over", currency=seen.currency, seq=seen.extends)
            else:
                turn.append((n, await _extension(alive[n], seen)))
        if turn:
            answers = await holds.extend([one for _, one in turn])
            for (n, asked), answer in zip(turn, answers, strict=True):
                decision = _answered(alive[n], asked, answer)
                if decision is not None:
                    found[n] = decision
        waiting = [n for n in waiting if n not in found]
        if not waiting:
            return [found[n] for n in range(len(alive))]
    raise Unavailable("too many signs of life of the same calls at once", code="busy")


async def _extension(one: Alive, seen: InProgress) -> Extension:
    """What to ask the ledger for. A repeat of a number is a sign of life and holds nothing more."""
    beat, answered = one.beat, one.beat.answered_at
    if answered is not None:  # other people's clocks: not before it began, not in the future
        answered = min(max(answered, seen.began_at), one.at)
    seen = one.seen = seen._replace(answered_at=seen.answered_at or answered)
    one.elapsed = talked(seen.answered_at, one.at)
    priced = await price_of(one.tenant, seen, one.at, tokens=beat.tokens, bookings=beat.bookings)
    held = Cover(seen.cover, seen.held, seen.wholesale)
    target = held
    if isinstance(priced, Refusal):
        one.quote, one.reason = None, priced.reason
    else:
        one.quote = priced
        if not seen.allowed:
            one.reason = "suspended"
        elif seen.cover < LONGEST and (beat.seq > seen.extends or one.target is not None):
            target = one.target or _wanted(priced, seen, one.elapsed)
    return Extension(
        one.tenant,
        one.call,
        seen.extends,
        max(beat.seq, seen.extends),
        one.at,
        answered,
        beat.tokens,
        beat.bookings,
        max(held.price, target.price),
        max(held.wholesale, target.wholesale),
        max(held.seconds, target.seconds),
        seen.used,
    )


def _wanted(quote: Quote, seen: InProgress, elapsed: int) -> Cover:
    """Cost so far and a quantum, once the last one is nearly over; before that, what items have cost meanwhile."""
    if seen.cover - elapsed > LEAD:
        return quote.for_seconds(seen.cover)
    return quote.further(max(seen.cover, elapsed))


def _answered(one: Alive, asked: Extension, hold: HoldAnswer) -> Decision | None:
    """What the answer means; None: ask again."""
    seen, quote = one.seen, one.quote
    if seen is None or hold.status in ("unknown", "closed"):
        return Decision(one.call, False, "call_over", seq=hold.extends)
    if hold.status == "moved":
        return None
    if quote is None:
        left = max(0, hold.cover - one.elapsed)
        return Decision(
            one.call, left > 0, one.reason, left, left, max(1, left), True, hold.held, seen.currency, hold.extends
        )
    if hold.status != "held" and hold.available is not None and one.target is None:
        free = max(0, hold.available if hold.rest is None else min(hold.available, hold.rest))
        above = None if hold.reseller_available is None else hold.wholesale + max(0, hold.reseller_available)
        longest = min(LONGEST, hold.longest or LONGEST)
        seconds = quote.most(hold.held + free, above, longest=longest)
        if seconds > hold.cover and reason_of(hold.status) != "wallet_frozen":
            one.target = quote.for_seconds(seconds)
            return None
    refused = "" if hold.status == "held" else reason_of(hold.status)
    return decided(
        one.call,
        quote,
        hold,
        elapsed=one.elapsed,
        currency=seen.currency,
        reason=one.reason or refused,
        go_on=not one.reason and hold.status == "held",
    )
