"""The stand-in's time: that of its source, moved on by tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from askpro.clock import now

__all__ = ("Clock",)


class Clock:
    """Time that a test moves forward, never back."""

    def __init__(self, source: Callable[[], datetime] = now) -> None:
        self._source, self._ahead = source, timedelta()

    def now(self) -> int:
        """Seconds since 1970, UTC."""
        return int((self._source() + self._ahead).timestamp())

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._ahead += timedelta(seconds=seconds)
