"""Where the server listens: a free port, and a folder short enough for a Unix socket."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
from pathlib import Path

from askpro.postgres.folder import Folder
from askpro.postgres.identity import Identity
from askpro.postgres.probe import SOCKET_LIMIT

__all__ = ("free_port", "remove_stale", "socket_folder")

_LONGEST_NAME = len("/.s.PGSQL.65535")


def free_port(preferred: int | None = None) -> int:
    """A TCP port nobody listens on at 127.0.0.1 right now: the preferred one, or any.

    Somebody may take it before the server does; the starter then tries another.
    """
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET) as trial, contextlib.suppress(OSError):
            if port is not None:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(("127.0.0.1", port))
                return int(trial.getsockname()[1])
    raise OSError("no free port at 127.0.0.1")


def socket_folder(folder: Folder, identity: Identity) -> Path | None:
    """The data folder, which nobody else can enter; a short one in /tmp if its path is too long for a socket.

    None (TCP only) if the short one is not safely ours: somebody may have made it before us.
    """
    if len(os.fsencode(folder.data)) + _LONGEST_NAME <= SOCKET_LIMIT:
        return folder.data
    short = _short(folder)
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        identity.own(short)
    owner = os.geteuid() if identity.uid is None else identity.uid
    found = short.lstat()
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700
    return short if safe else None


def remove_stale(folder: Folder) -> None:
    """Remove the notes of a dead server; to be called only while holding ``serve.lock``.

    PostgreSQL itself goes by the process id in them, and refuses to start while that id is a zombie or has been
    given to another process (in a restarted container it soon is). The lock knows better.
    """
    (folder.data / "postmaster.pid").unlink(missing_ok=True)
    for place in (folder.data, _short(folder)):
        with contextlib.suppress(OSError):
            for path in place.glob(".s.PGSQL.*"):
                path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _short(folder).rmdir()


def _short(folder: Folder) -> Path:
    # A fixed name, so that it is found again; socket_folder() refuses it unless it is ours and closed to others.
    return Path("/tmp") / f"askpro-{hashlib.sha256(os.fsencode(folder.root)).hexdigest()[:16]}"  # noqa: S108 - see above
