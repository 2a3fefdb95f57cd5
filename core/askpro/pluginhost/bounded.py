"""Running a plugin's function so that the caller gets away, whatever the function does.

* ``in_thread``: a plain function runs in a daemon thread. One that hangs keeps its thread (Python cannot end
  it) but neither the event loop nor the end of the process waits for it.
* ``in_task``: a coroutine runs in a task of its own and is cancelled at the deadline. One that swallows the
  cancellation is abandoned. What no host can help: a coroutine that blocks the loop (``time.sleep``).

SystemExit and its kin become ``Died``: a plugin does not end the process.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

__all__ = ("Died", "in_place", "in_task", "in_thread", "wait_for_thread")

_abandoned: set[asyncio.Task[Any]] = set()


class Died(Exception):  # noqa: N818 - reads as what happened
    """The function raised what is not an Exception (SystemExit, KeyboardInterrupt)."""


def in_thread(work: Callable[[], Any], finished: Callable[[], None] | None = None) -> Future[Any]:
    """Start ``work`` in a daemon thread, with the caller's context variables."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()  # a caller that gives up can no longer cancel it under our hands
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(work)
        except Exception as error:
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(Died(f"{type(error).__name__}: {error}"))
        else:
            future.set_result(result)
        finally:
            if finished is not None:
                finished()

    threading.Thread(target=run, daemon=True, name="askpro-plugin").start()
    return future


def wait_for_thread(work: Callable[[], Any], deadline: float) -> Any:
    """Run ``work`` in a daemon thread and wait ``deadline`` seconds at most. Raises TimeoutError."""
    return in_thread(work).result(deadline)


async def _living(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise Died(f"{type(error).__name__}: {error}") from None


async def in_place(work: Awaitable[Any], deadline: float) -> Any:
    """Await ``work`` in the caller's task. Raises TimeoutError, unless it swallows the cancellation."""
    async with asyncio.timeout(deadline):
        return await _living(work)


async def in_task(work: Awaitable[Any], deadline: float) -> Any:
    """Await ``work`` in a task of its own, ``deadline`` seconds at most. Raises TimeoutError."""
    task = asyncio.ensure_future(_living(work))
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline)
    except asyncio.CancelledError:
        _abandon(task)
        raise
    if not done:
        _abandon(task)
        raise TimeoutError(f"no answer within {deadline:g} s")
    if task.cancelled():
        raise Died("it cancelled itself")
    return task.result()


def _abandon(task: asyncio.Task[Any]) -> None:
    """Cancel and forget; the result, whenever it comes, is looked at so that nothing complains about it."""
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    task.cancel()
