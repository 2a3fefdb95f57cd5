"""Does on demand everything that one should not: the page it is asked about says what."""

from __future__ import annotations

import asyncio
import threading

from askpro.sdk import Refusal, hookimpl


class Plugin:
    calls = 0

    @hookimpl
    def top_of_page(self, ctx, page):
        Plugin.calls += 1
        match page:
            case "crash":
                raise ZeroDivisionError("one divided by nothing")
            case "exit":
                raise SystemExit(3)
            case "hang":
                threading.Event().wait()
            case "hang later":
                return self._sleep()
            case "deaf":
                return self._deaf()
        return f"moody on {page}"

    async def _sleep(self):
        await asyncio.sleep(3600)

    async def _deaf(self):
        """Will not be cancelled (but ends some day, for the sake of the test run)."""
        for _ in range(8):
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                continue

    @hookimpl
    async def may_charge(self, ctx, question):
        match question.customer:
            case "crash":
                raise ZeroDivisionError
            case "hang":
                await asyncio.sleep(3600)
            case "lie":
                return "yes"
            case "no":
                return Refusal("no", "No.")
        return None


plugin = Plugin()
