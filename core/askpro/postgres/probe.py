"""Asking a server whether it is there, by its socket."""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from askpro.errors import Misconfigured
from askpro.postgres.folder import Folder

__all__ = ("SOCKET_LIMIT", "Address", "Answer", "address", "ask", "running")

SOCKET_LIMIT = 107
"""Bytes that a Unix socket's path may have (``sun_path`` less its final zero)."""

_PROTOCOL = 3 << 16
_STARTING = b"C57P03\0"  # SQLSTATE cannot_connect_now: starting up, recovering or shutting down
_TIMEOUT = 1.0  # seconds; no verdict hangs on it, a server that accepts and says nothing is asked again


class Answer(enum.Enum):
    """What a server said."""

    SILENT = "nobody there"
    BUSY = "there, and not taking connections at the moment"
    READY = "taking connections"


@dataclass(frozen=True)
class Address:
    """What a server notes about itself in ``postmaster.pid``. The note outlives a server that is killed."""

    pid: int
    port: int
    socket_folder: str

    @property
    def socket_path(self) -> str | None:
        """Its Unix socket, None if it has none."""
        return f"{self.socket_folder}/.s.PGSQL.{self.port}" if self.socket_folder else None


def address(folder: Folder) -> Address | None:
    """The note of the present or last server; None if there is none, or if it is not complete yet."""
    try:
        lines = (folder.data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        return Address(pid=int(lines[0]), port=int(lines[3]), socket_folder=lines[4])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    except PermissionError as error:
        raise Misconfigured(f"the database folder {folder.root} belongs to another user") from error


def ask(folder: Folder) -> Answer:
    """Knock at the socket that the server has noted, as a client would that is about to log in."""
    noted = address(folder)
    if noted is None:
        return Answer.SILENT
    path = noted.socket_path
    try:
        with _connection(path, noted.port) as connection:
            connection.sendall(_hello())
            reply = connection.recv(4096)
    except TimeoutError:
        # It accepted and is too busy to speak. On TCP a stranger may have got the port, on the socket file nobody.
        return Answer.SILENT if path is None else Answer.BUSY
    except OSError:
        return Answer.SILENT
    if reply[:1] == b"R":
        return Answer.READY
    if reply[:1] == b"E":
        # "Too many clients" and the like come from a server that is well.
        return Answer.BUSY if _STARTING in reply else Answer.READY
    return Answer.SILENT if path is None or not reply else Answer.BUSY


def running(root: Path) -> bool:
    """Whether a server is alive in the folder, be it ready, starting or stopping.

    Raises Misconfigured when the folder may not be read.
    """
    return ask(Folder(Path(root).absolute())) is not Answer.SILENT


def _connection(path: str | None, port: int) -> socket.socket:
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(socket.socket(socket.AF_INET if path is None else socket.AF_UNIX))
        connection.settimeout(_TIMEOUT)
        connection.connect(("127.0.0.1", port) if path is None else path)
        undo.pop_all()
    return connection


def _hello() -> bytes:
    body = struct.pack("!i", _PROTOCOL) + b"user\0postgres\0database\0postgres\0\0"
    return struct.pack("!i", len(body) + 4) + body
