"""Rate and post, once: freely first, and behind a lock when somebody was faster.

Prices that build on the month's usage (allowance, volume tiers) hold for one state of the wallet. Freely, the ledger
answers *moved* where that state has passed. Behind the lock it cannot pass: a first post books nothing and only
locks the wallets, then the state is read again and the calls are booked with it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeAlias

from askpro import db
from askpro.calls.events import Reason, UsageResult
from askpro.calls.item import Item
from askpro.calls.rater import Priced, Rater
from askpro.ledger.usage import UsageOutcome, UsageStatus, post_usage

__all__ = ("Refused", "conflict", "duplicate", "freely", "locked")

_ONLY_LOCK = -2  # no wallet's counter: every new call comes back as moved


Refused: TypeAlias = tuple[Item, Reason, str]
_Pair: TypeAlias = tuple[Item, Priced]


async def freely(items: Sequence[Item]) -> tuple[list[Item], list[Refused]]:
    """Two round trips. Sets results; returns what has moved and what cannot be priced.

    Raises asyncpg.SerializationError when another train booked one of these calls meanwhile.
    """
    rater = await Rater.prepare(items)
    priced, refused = _price(rater, items)
    await rater.keep_cards()
    return _settle(priced, await _post(rater, priced)), refused


async def locked(items: Sequence[Item]) -> tuple[list[Item], list[Refused]]:
    """As ``freely``, but nothing moves: the wallets stay locked from before their state is read."""
    rater = await Rater.prepare(items)
    priced, refused = _price(rater, items)
    await rater.keep_cards()
    for group in rater.groups:
        group.seq = _ONLY_LOCK
    own: AbstractAsyncContextManager[Any] = db.shared_unit() if db.current() is None else nullcontext()
    async with own:
        known = await _post(rater, priced)
        new = [item for (item, _), found in zip(priced, known, strict=True) if found.status is UsageStatus.MOVED]
        await rater.refresh()
        rest, more = _price(rater, new)
        outcomes = await _post(rater, rest)
    _settle(priced, known)
    return _settle(rest, outcomes), refused + more


def _price(rater: Rater, items: Sequence[Item]) -> tuple[list[_Pair], list[Refused]]:
    priced: list[_Pair] = []
    refused: list[Refused] = []
    for item in items:
        found = rater.price(item)
        if isinstance(found, Priced):
            priced.append((item, found))
        else:
            refused.append((item, *found))
    return priced, refused


async def _post(rater: Rater, priced: Sequence[_Pair]) -> Sequence[UsageOutcome]:
    return await post_usage(rater.groups, [found.row for _, found in priced]) if priced else ()


def _settle(priced: Sequence[_Pair], outcomes: Sequence[UsageOutcome]) -> list[Item]:
    """Only once it is certain: what was posted in a unit that fails has not happened."""
    moved = []
    for (item, price), outcome in zip(priced, outcomes, strict=True):
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
            item.result = duplicate(item, price.currency, outcome.balance, outcome.overrun)
        elif status is UsageStatus.CONFLICT:
            item.result = conflict(item)
        else:
            moved.append(item)
    return moved


def duplicate(item: Item, currency: str | None, balance: int | None, overrun: int | None) -> UsageResult:
    """The call is booked: the balance it left and what it overran; its price is looked up for all repeats at once."""
    return UsageResult(
        id=item.event.id, status="duplicate", currency=currency or "", balance=balance, overrun=overrun or 0
    )


def conflict(item: Item) -> UsageResult:
    """Another call is booked under this id."""
    return UsageResult(id=item.event.id, status="conflict", reason=Reason.CONFLICT.value)
