"""A fuse for each plugin: too many failures in a while, and it is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

__all__ = ("Breaker",)


class Breaker:
    """Closed, open, or half open: after the cooldown one call is let through, and its fate decides.

    Times are seconds of a monotonic clock.
    """

    def __init__(
        self, failures: int, window: float, cooldown: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._window, self._cooldown, self._now = failures, window, cooldown, now
        self._failed: deque[float] = deque(maxlen=failures)
        self._opened_at: float | None = None
        self._trial_at: float | None = None
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half open``, without changing it."""
        if self._opened_at is None:
            return "closed"
        return "half open" if self._now() - self._opened_at >= self._cooldown else "open"

    def allows(self) -> bool:
        """Whether a call may go out now. In the half open state this takes the one trial."""
        with self._lock:
            if self._opened_at is None:
                return True
            now = self._now()
            if now - self._opened_at < self._cooldown:
                return False
            if self._trial_at is not None and now - self._trial_at < self._cooldown:
                return False
            self._trial_at = now
            return True

    def succeeded(self) -> None:
        """A call came back. Only the trial closes an open breaker, not a straggler from before."""
        with self._lock:
            if self._trial_at is not None:
                self._opened_at = self._trial_at = None

    def failed(self) -> bool:
        """A call did not; returns whether the breaker opened by it."""
        with self._lock:
            now = self._now()
            if self._opened_at is not None:
                self._opened_at, self._trial_at = now, None
                return False
            self._failed.append(now)
            if len(self._failed) == self._limit and now - self._failed[0] <= self._window:
                self._opened_at, self._trial_at = now, None
                self._failed.clear()
                return True
            return False
