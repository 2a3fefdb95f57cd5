"""Whether long work leaves others their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

__all__ = ("beside",)


async def beside(work: Awaitable[None], question: Awaitable[None]) -> tuple[list[str], int]:
    """Do both at once: (what was done, in the order of its end; how often others had their turn meanwhile)."""
    turns = 0
    done: list[str] = []

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def told(name: str, what: Awaitable[None]) -> None:
        await what
        done.append(name)

    watching = asyncio.create_task(others())
    await asyncio.gather(told("work", work), told("question", question))
    watching.cancel()
    return done, turns
