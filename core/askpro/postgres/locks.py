"""File locks that die with their holder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

__all__ = ("Lock",)


class Lock:
    """One ``flock`` on one file, opened anew for each object.

    The kernel ties the lock to the open file, so it is dropped when the last process that has the file open is
    gone, also after kill -9. The file itself stays: removing it would let two holders lock two different files.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Lock the file, alone or shared, and say whether that worked (always, when waiting).

        Held already, the lock changes its kind; if that fails it is held no longer (see flock(2)).
        """
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            self.forget()
            return False
        except BaseException:
            self.forget()
            raise
        return True

    def fileno(self) -> int:
        """The open file, to be inherited by a child that shall keep the lock."""
        if self._fd is None:
            raise ValueError(f"{self._path} is not held")
        return self._fd

    def release(self) -> None:
        """Unlock for everyone who shares this open file, forked children included."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            self.forget()

    def forget(self) -> None:
        """Close our end only: whoever inherited the open file keeps the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Lock:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
