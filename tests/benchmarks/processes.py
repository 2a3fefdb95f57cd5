"""CPU time and memory of process trees, from ``/proc``: only of processes below one we have started."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ("children", "cpu_seconds", "resident_bytes", "tree")

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def _stat(pid: int) -> list[str]:
    """The fields after the name, from ``state`` on; empty when the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """The direct children that are alive."""
    found: list[int] = []
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return found


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of children that have ended and been waited for."""
    ended = running = 0
    for one in tree(pid):
        if stat := _stat(one):
            ended += int(stat[13]) + int(stat[14])  # in ticks; of the living there are nanoseconds
            running += _nanoseconds(one)
    return ended / _TICK + running / 1e9


def _nanoseconds(pid: int) -> int:
    found = 0
    for task in (_PROC / str(pid) / "task").glob("*/schedstat"):
        try:
            found += int(task.read_text().split()[0])
        except OSError:
            continue
    return found


def resident_bytes(pid: int) -> int:
    """Memory of one process that is in RAM, shared pages included."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no process {pid}")
