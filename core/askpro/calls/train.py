"""Singles gathered into trains.

All reports that arrive while the previous train is under way leave together with the next one, whoever's
they are: one transaction for many callers, so a single report costs a fraction of a commit. Large batches
travel alone. A report is answered when its train is durable, never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from askpro.actor import Actor
from askpro.calls.book import book
from askpro.calls.events import UsageEvent, UsageResult
from askpro.calls.item import Item

__all__ = ("Train", "book_reports")

_ALONE = 200  # a batch of this size gains nothing from company
_LONGEST = 1_000


class Train:
    """The trains of one process. Made once an application, inside its event loop."""

    def __init__(self) -> None:
        self._waiting: list[tuple[list[Item], asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, tenant: UUID, zone: str, events: Sequence[UsageEvent], *, by: Actor) -> list[UsageResult]:
        """Book these reports of one tenant; the answers, in order.

        ``zone``: the tenant's IANA zone, which decides the civil day a call belongs to.
        """
        who = str(by)
        items = [Item(tenant, zone, event, who) for event in events]
        if len(items) >= _ALONE:
            await book(items)
        elif items:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((items, done))
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run())
            await done
        return [item.result for item in items if item.result is not None]

    async def _run(self) -> None:
        while self._waiting:
            taken, size = 0, 0
            for items, _ in self._waiting:
                if taken and size + len(items) > _LONGEST:
                    break
                taken, size = taken + 1, size + len(items)
            together, self._waiting = self._waiting[:taken], self._waiting[taken:]
            if not await _depart(together) and len(together) > 1:
                for passenger in together:  # whoever broke the train travels alone, and so hears of it alone
                    await _depart([passenger], last=True)


async def _depart(together: list[tuple[list[Item], asyncio.Future[None]]], *, last: bool = False) -> bool:
    """Book for all of them and tell each. False: it failed, and nobody has been told yet."""
    try:
        await book([item for items, _ in together for item in items])
    except Exception as error:
        if len(together) > 1 and not last:
            return False
        for _, done in together:
            if not done.done():
                done.set_exception(error)
    else:
        for _, done in together:
            if not done.done():
                done.set_result(None)
    return True


async def book_reports(tenant: UUID, zone: str, events: Sequence[UsageEvent], *, by: Actor) -> list[UsageResult]:
    """Book a batch at once, without waiting for company: for tools and imports."""
    items = [Item(tenant, zone, event, str(by)) for event in events]
    await book(items)
    return [item.result for item in items if item.result is not None]
