"""The product itself, as it is served: ``askpro serve`` on granian, in its own processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .house import SECRET, Store

__all__ = ("Served", "serving")

_START = 60.0


@dataclass(frozen=True)
class Served:
    """A server under test."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        return processes.cpu_seconds(self.pid)

    def worker_bytes(self) -> list[int]:
        """Resident memory of each worker."""
        return [processes.resident_bytes(pid) for pid in processes.tree(self.pid) if _is_worker(pid, self.pid)]


def _is_worker(pid: int, main: int) -> bool:
    line = (Path("/proc") / str(pid) / "cmdline").read_bytes()
    return pid != main and b"resource_tracker" not in line


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(store: Store, *, workers: int = 1, log: Path | None = None) -> Iterator[Served]:
    """Serve a database; stops in an orderly way. Raises TimeoutError when it does not come up."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")}
    environment |= {"ASKPRO_DATABASE_URL": store.dsn, "ASKPRO_SECRET_KEY": SECRET}
    command = [sys.executable, "-c", "from askpro.cli import main; main()", "serve"]
    with (log or Path(os.devnull)).open("ab") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--workers", str(workers)], env=environment, stdout=out, stderr=out
        )
        try:
            _wait(process, port)
            yield Served(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not come up")
