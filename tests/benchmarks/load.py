"""The load generator: a process of its own, HTTP/1.1 with keep-alive over ``epoll``, as thin as Python allows.

Its job comes pickled on standard input: port, number of connections, and requests that are bytes already. Every
connection sends the next one as soon as its answer is complete. The answers are looked at after the clock stopped.
"""

from __future__ import annotations

import pickle
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ("Answers", "drive", "request")

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_RESULT = re.compile(rb'"status":"([a-z]+)"')
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back. ``results`` counts the word each call was answered with; ``cpu`` is the generator's own."""

    wall: float
    cpu: float
    statuses: dict[int, int]
    results: dict[str, int]
    seconds: list[float]
    """How long each answer took, ascending."""
    bodies: list[bytes] = field(default_factory=list)
    """In the order of the requests; empty unless asked for."""

    def require(self, **results: int) -> Answers:
        """Raises AssertionError unless every answer was 200 and the results are exactly these."""
        assert set(self.statuses) == {200}, f"answers {self.statuses}"
        assert self.results == results, f"{self.results} where {results} was due"
        return self


def request(path: str, host: str, key: str, body: bytes) -> bytes:
    """A whole request, ready to be sent."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, connections: int, requests: Sequence[bytes], *, keep: bool = False) -> Answers:
    """Send all requests from a process of its own."""
    job = pickle.dumps((port, connections, list(requests), keep))
    done = subprocess.run(
        [sys.executable, Path(__file__)], input=job, stdout=subprocess.PIPE, check=True, timeout=_PATIENCE * 5
    )
    return Answers(**pickle.loads(done.stdout))


class _Connection:
    __slots__ = ("at", "began", "expected", "left", "parts", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.left = memoryview(b"")
        self.parts: list[bytes] = []
        self.expected = 0
        self.at = 0
        self.began = 0.0

    def begin(self, position: int, data: bytes) -> None:
        self.at, self.left, self.parts, self.expected = position, memoryview(data), [], 0
        self.began = time.perf_counter()

    def push(self) -> bool:
        """Send what the kernel takes; whether all is sent."""
        if self.left:
            try:
                self.left = self.left[self.socket.send(self.left) :]
            except BlockingIOError:
                return False
        return not self.left

    def pull(self) -> bytes | None:
        """Read; the answer once it is complete."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return None
        if not data:
            raise ConnectionError("the server closed the connection")
        self.parts.append(data)
        self.expected -= len(data)
        if len(self.parts) == 1 or self.expected < -(1 << 30):
            joined = b"".join(self.parts)
            self.parts = [joined]
            end = joined.find(b"\r\n\r\n")
            if end < 0:
                self.expected = -(1 << 31)
                return None
            length = _LENGTH.search(joined, 0, end + 2)
            if length is None:
                raise ValueError("an answer without content-length")
            self.expected = end + 4 + int(length[1]) - len(joined)
        return b"".join(self.parts) if self.expected <= 0 else None


def _run(port: int, count: int, requests: list[bytes], keep: bool) -> dict[str, Any]:
    selector = selectors.EpollSelector()
    connections = [_Connection(port) for _ in range(min(count, len(requests)))]
    answers: list[bytes] = [b""] * len(requests)
    seconds: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    following = iter(enumerate(requests))
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    for connection in connections:
        connection.begin(*next(following))
        selector.register(connection.socket, selectors.EVENT_READ if connection.push() else both, connection)
    open_ones = len(connections)
    while open_ones:
        ready = selector.select(_PATIENCE)
        if not ready:
            raise TimeoutError("no answer")
        for key, mask in ready:
            connection = key.data
            if mask & selectors.EVENT_WRITE and connection.push():
                selector.modify(connection.socket, selectors.EVENT_READ, connection)
            if not mask & selectors.EVENT_READ or (answer := connection.pull()) is None:
                continue
            seconds.append(time.perf_counter() - connection.began)
            answers[connection.at] = answer
            one = next(following, None)
            if one is None:
                selector.unregister(connection.socket)
                connection.socket.close()
                open_ones -= 1
                continue
            connection.begin(*one)
            if not connection.push():
                selector.modify(connection.socket, both, connection)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    results: Counter[str] = Counter()
    for answer in answers:
        results.update(word.decode() for word in _RESULT.findall(answer))
    return {
        "wall": wall,
        "cpu": cpu,
        "statuses": dict(Counter(int(answer[9:12]) for answer in answers)),
        "results": dict(results),
        "seconds": sorted(seconds),
        "bodies": [answer.partition(b"\r\n\r\n")[2] for answer in answers] if keep else [],
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(_run(*pickle.loads(sys.stdin.buffer.read()))))
