"""Ending on a signal as if by an exception, so that what was begun is also ended."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ("unwinding",)

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """Leave the block by KeyboardInterrupt on SIGINT and by SystemExit(128 + number) on SIGTERM and SIGHUP.

    By default SIGTERM ends Python on the spot, without one ``finally``: a local server would stay behind. The
    first signal counts, further ones are ignored, since an impatient second Ctrl-C would interrupt the clearing
    up. For the main thread only; the former handlers come back at the end.
    """
    former = {number: signal.getsignal(number) for number in _SIGNALS}

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    for number in _SIGNALS:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
