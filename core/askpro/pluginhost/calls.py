"""Every call from the host into a plugin goes through here: a ``try``, a deadline, a breaker, a count."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from askpro import clock
from askpro.errors import AskProError, PluginUnavailable, Unavailable
from askpro.pluginhost.bounded import in_place, in_task, in_thread
from askpro.pluginhost.breaker import Breaker
from askpro.pluginhost.config import HostConfig
from askpro.pluginhost.records import Failure, PluginRecord

__all__ = ("Busy", "Caller", "NeverCalled", "Tally")

log = logging.getLogger("askpro.pluginhost")

_TENANTS_KEPT = 1000
_PATIENCE = 1.0
"""Seconds to wait for one of a plugin's threads."""
_MOST_WAITING = 64
"""How many wait for them; whoever comes then is told at once that the plugin is busy."""


class NeverCalled(PluginUnavailable):
    """The plugin was not reached at all: its breaker is open, or all its threads are busy or hang."""

    code = "plugin_switched_off"


class Busy(NeverCalled):
    """All its threads are taken. That is no failure of the plugin's: whatever hangs in them is counted by itself."""


@dataclass(slots=True)
class Tally:
    """Calls, failures and seconds spent."""

    calls: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, seconds: float, *, failed: bool) -> None:
        """Count one call."""
        self.calls += 1
        self.failed += failed
        self.seconds += seconds


class Caller:
    """The one who calls a certain plugin."""

    def __init__(self, record: PluginRecord, config: HostConfig) -> None:
        self.record = record
        self.breaker = Breaker(config.breaker_failures, config.breaker_window, config.breaker_cooldown)
        self.total = Tally()
        self.by_tenant: OrderedDict[str, Tally] = OrderedDict()
        """The tenants seen last."""
        self.by_hook: Counter[str] = Counter()
        self._max_threads = config.max_threads
        self._threads = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        """Those who wait for a thread; while there are any, all threads are taken."""

    async def call(
        self, what: str, function: Callable[..., Any], *args: Any, tenant: str, deadline: float, inline: bool = False
    ) -> Any:
        """Call and return the result.

        ``inline`` awaits a coroutine in the caller's own task, for what must run in its unit; all else gets a
        task or a thread. Raises NeverCalled when the breaker is open, Busy when all threads of the plugin are taken
        and none is free within a second (or too many wait already), otherwise what the plugin raised. Errors of the
        house's own tree are answers, not failures, unless they say that something is unavailable.
        """
        if not self.breaker.allows():
            raise NeverCalled(f"{self.record.id} is switched off for a moment after repeated failures")
        began = time.perf_counter()
        try:
            result = await self._run(function, args, deadline, inline)
        except Busy as busy:
            log.warning("plugin %s is busy: %s was not called", self.record.id, what)
            raise busy
        except AskProError as answer:
            failed = isinstance(answer, Unavailable) or answer.status >= 500
            self._count(what, tenant, began, answer if failed else None)
            raise
        except Exception as error:
            self._count(what, tenant, began, error)
            raise
        self._count(what, tenant, began, None)
        return result

    async def _run(self, function: Callable[..., Any], args: tuple[Any, ...], deadline: float, inline: bool) -> Any:
        run = in_place if inline else in_task
        if inspect.iscoroutinefunction(function):
            return await run(function(*args), deadline)
        result = await self._in_thread(lambda: function(*args), deadline)
        return await run(result, deadline) if inspect.isawaitable(result) else result

    async def _in_thread(self, work: Callable[[], Any], deadline: float) -> Any:
        loop = asyncio.get_running_loop()
        await self._turn(loop)

        def finished() -> None:
            try:
                loop.call_soon_threadsafe(self._free)
            except RuntimeError:  # the loop has ended; nobody counts any more
                return

        try:
            answer = in_thread(work, finished)
        except BaseException:  # no thread was to be had
            self._free()
            raise
        async with asyncio.timeout(deadline):
            return await asyncio.wrap_future(answer)

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take a thread, or wait for one in turn: whoever frees one hands it to the first in the queue.

        Raises Busy. A waiter that gives up or is cancelled leaves the queue, and a thread that it was handed goes on
        to the next.
        """
        if self._threads < self._max_threads:
            self._threads += 1
            return
        if len(self._queue) >= _MOST_WAITING:
            raise Busy(f"{self.record.id}: {len(self._queue)} wait for its functions already")
        waiter: asyncio.Future[None] = loop.create_future()
        self._queue.append(waiter)
        try:
            async with asyncio.timeout(_PATIENCE):
                await waiter
        except BaseException as error:
            if waiter in self._queue:
                self._queue.remove(waiter)
            elif waiter.done() and not waiter.cancelled():
                self._free()
            if not isinstance(error, TimeoutError):
                raise
            raise Busy(f"{self.record.id}: {self._threads} of its functions have not come back") from None

    def _free(self) -> None:
        """A thread is free: the first who still waits has it, or nobody."""
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._threads -= 1

    def refused(self, what: str, tenant: str, why: Exception) -> None:
        """Count an answer that came but cannot be used: a lie is a failure too."""
        self._count(what, tenant, time.perf_counter(), why)

    def _count(self, what: str, tenant: str, began: float, error: Exception | None) -> None:
        seconds = time.perf_counter() - began
        self.by_hook[what] += 1
        for tally in (self.total, self._tally_of(tenant)):
            tally.add(seconds, failed=error is not None)
        if error is None:
            self.breaker.succeeded()
            return
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        self.record.failures.append(Failure(clock.now(), what, tenant, said))
        log.warning("plugin %s failed in %s: %s", self.record.id, what, said)
        if self.breaker.failed():
            log.error("plugin %s is switched off for a while: too many failures", self.record.id)

    def _tally_of(self, tenant: str) -> Tally:
        tally = self.by_tenant.setdefault(tenant, Tally())
        self.by_tenant.move_to_end(tenant)
        while len(self.by_tenant) > _TENANTS_KEPT:
            self.by_tenant.popitem(last=False)
        return tally
