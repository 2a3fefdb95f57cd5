"""Requests gathered into convoys, as ``calls.train`` does with reports: whoever arrives while one is under way leaves
with the next, so a decision costs a fraction of a transaction.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ("Convoy",)

Q = TypeVar("Q")
A = TypeVar("A")

_LONGEST = 200


class Convoy(Generic[Q, A]):
    """One road: ``go`` takes requests and answers each, in order. Made once an application, used in one event loop."""

    def __init__(self, go: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._go = go
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._running: asyncio.Task[None] | None = None

    async def send(self, request: Q) -> A:
        """The answer to one request. Raises what ``go`` raises for it alone."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[A] = loop.create_future()
        self._waiting.append((request, done))
        if self._running is None or self._running.done():
            # a context of its own: the first one's unit or clock is not the others'
            self._running = loop.create_task(self._run(), context=contextvars.Context())
        return await done

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_LONGEST], self._waiting[_LONGEST:]
            try:
                await self._depart(taken)
            except Exception as error:
                for one in taken:  # whoever broke the convoy travels alone, and so hears of it alone
                    await self._alone(one, error if len(taken) == 1 else None)

    async def _depart(self, taken: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        answers = await self._go([request for request, _ in taken])
        for (_, done), answer in zip(taken, answers, strict=True):
            if not done.done():
                done.set_result(answer)

    async def _alone(self, one: tuple[Q, asyncio.Future[A]], error: Exception | None) -> None:
        try:
            if error is not None:
                raise error
            await self._depart([one])
        except Exception as found:
            if not one[1].done():
                one[1].set_exception(found)
