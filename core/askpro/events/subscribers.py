"""Who wants to know of what, by name. A name is for good: it stands in the outbox beside what was delivered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, TypeVar
from uuid import UUID

__all__ = ("Event", "Subscriber", "forget", "subscribe", "subscriber", "wanted")


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. ``payload`` holds JSON values: ids as text, money as whole 10⁻⁶."""

    tenant: UUID
    id: UUID
    kind: str
    payload: Mapping[str, Any]
    at: datetime


Handler = Callable[[Event], Awaitable[None]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A listener. ``kinds`` may end in ``*``.

    ``atomic``: the handler runs inside the tenant's unit that also records the delivery, so what it writes there
    happens exactly once. It must be quick; anything slow it defers as a job. Otherwise it runs outside any unit, at
    least once, and keys its effects by ``event.id``.
    """

    name: str
    kinds: tuple[str, ...]
    handler: Handler
    atomic: bool = True
    deadline: float = 30.0
    """Seconds after which a delivery counts as failed."""

    def wants(self, kind: str) -> bool:
        return any(fnmatchcase(kind, pattern) for pattern in self.kinds)


_subscribers: dict[str, Subscriber] = {}


def subscribe(one: Subscriber) -> None:
    """Register a listener. Raises ValueError when its name is taken by another."""
    known = _subscribers.get(one.name)
    if known is not None and known.handler is not one.handler:
        raise ValueError(f"two subscribers are called {one.name!r}")
    _subscribers[one.name] = one


def subscriber(name: str, *kinds: str, atomic: bool = True, deadline: float = 30.0) -> Callable[[H], H]:
    """``subscribe`` as a decorator."""

    def declare(handler: H) -> H:
        subscribe(Subscriber(name, kinds, handler, atomic, deadline))
        return handler

    return declare


def forget(name: str) -> None:
    """Take a listener out again (tests, a plugin that is switched off)."""
    _subscribers.pop(name, None)


def wanted(kind: str) -> list[Subscriber]:
    """The listeners for a kind of event, by name."""
    return [_subscribers[name] for name in sorted(_subscribers) if _subscribers[name].wants(kind)]
