"""The tasks there are: each domain's ``jobs.py`` declares its own, the worker collects them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, TypeVar

from procrastinate import RetryStrategy

import askpro

__all__ = ("RETRY", "Run", "TaskSpec", "arguments", "collect", "retrying_up_to", "task")

Run = Callable[..., Awaitable[None]]
F = TypeVar("F", bound=Run)

RETRY = RetryStrategy(max_attempts=5, exponential_wait=4)
"""After 4, 16, 64, 256 and 1,024 seconds; then the job has failed and waits for somebody to look (``queries``)."""


def retrying_up_to(attempts: int, *, wait: int = 0) -> RetryStrategy:
    """Another patience than ``RETRY``: so many attempts more, ``wait`` seconds apart."""
    return RetryStrategy(max_attempts=attempts, wait=wait)


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task: an async function of JSON values, found by its name.

    ``cron`` (five fields, UTC) makes it start by the clock, once for all workers together. Such a task waits in
    the queue once at most, and with ``alone`` it does not run twice at the same time.
    """

    name: str
    run: Run
    queue: str = "default"
    cron: str = ""
    retry: RetryStrategy | None = field(default_factory=lambda: RETRY)
    alone: bool = True
    lock: str | None = None


_specs: dict[str, TaskSpec] = {}


def task(
    name: str, *, queue: str = "default", cron: str = "", retry: RetryStrategy | None = RETRY, alone: bool = True
) -> Callable[[F], F]:
    """Declare the decorated function as a task. It may be called directly as well.

    Raises ValueError when the name is taken: two tasks of one name would run each other's jobs.
    """

    def declare(function: F) -> F:
        known = _specs.get(name)
        if known is not None and (known.run.__module__, known.run.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise ValueError(f"two tasks are called {name!r}")
        _specs[name] = TaskSpec(name, function, queue, cron, retry, alone)
        return function

    return declare


def collect(extra: Iterable[TaskSpec] = ()) -> list[TaskSpec]:
    """Import every domain's ``jobs.py`` and return all tasks by name. ``extra``: those of plugins."""
    for domain in iter_modules(askpro.__path__, "askpro."):
        if domain.ispkg and domain.name != "askpro.jobs" and find_spec(f"{domain.name}.jobs") is not None:
            import_module(f"{domain.name}.jobs")
    for own in ("reaper", "housekeeping"):
        import_module(f"askpro.jobs.{own}")
    found: dict[str, TaskSpec] = dict(_specs)
    for spec in extra:
        if spec.name in found:
            raise ValueError(f"two tasks are called {spec.name!r}")
        found[spec.name] = spec
    return [found[name] for name in sorted(found)]


def arguments(values: dict[str, Any]) -> dict[str, Any]:
    """What a task is called with: the clock's own argument is not the task's business."""
    return {name: value for name, value in values.items() if name != "timestamp"}
