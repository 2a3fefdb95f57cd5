"""Bringing the server up and down. The caller holds ``start.lock`` all the while."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from askpro.errors import Unavailable
from askpro.postgres import cluster, identity, options, sockets
from askpro.postgres.folder import Folder
from askpro.postgres.locks import Lock
from askpro.postgres.probe import Answer, address, ask

__all__ = ("ensure", "shut_down")

_PATIENCE = 1800.0  # seconds; recovery after a crash may replay a gigabyte from a slow disk
_STOP = ((signal.SIGINT, 300.0), (signal.SIGQUIT, 30.0))  # "fast" writes a checkpoint, "immediate" leaves recovery
_ATTEMPTS = 5
_POLL = 0.01
_PORT_TAKEN = "could not bind IPv4 address"


def ensure(folder: Folder, bin_folder: Path, *, durable: bool, extra: Mapping[str, str]) -> int:
    """See to it that a server takes connections, and give its port.

    One that is there is adopted, whoever started it; one that is starting, recovering or going away is waited for.
    Raises Unavailable with the end of the log when the server gives up or takes longer than half an hour, and
    Misconfigured when it cannot be run here.
    """
    deadline = time.monotonic() + _PATIENCE
    attempts, mark = 0, folder.log_size()
    while True:
        answer = ask(folder)
        if answer is Answer.READY and (noted := address(folder)) is not None:
            folder.remember_port(noted.port)
            return noted.port
        serve = Lock(folder.serve_lock)
        if answer is Answer.SILENT and serve.take(wait=False):
            tail = folder.log_tail(mark)
            try:
                if attempts and (_PORT_TAKEN not in tail or attempts == _ATTEMPTS):
                    raise Unavailable(f"PostgreSQL did not start in {folder.root}:\n{tail}")
                mark = folder.log_size()
                preferred = None if attempts else folder.preferred_port()
                _spawn(folder, bin_folder, serve, preferred, durable=durable, extra=extra)
                attempts += 1
            finally:
                serve.forget()  # the server has it now; if there is none, this was the last holder
        elif time.monotonic() > deadline:
            raise Unavailable(f"PostgreSQL in {folder.root} is not ready yet:\n{folder.log_tail(mark)}")
        time.sleep(_POLL)


def shut_down(folder: Folder) -> None:
    """Stop the server, whoever started it, and return when not one process of it is left.

    Raises Unavailable with the end of the log when it does not go.
    """
    mark = folder.log_size()
    for number, patience in _STOP:
        deadline = time.monotonic() + patience
        asked = False
        while time.monotonic() < deadline:
            answer = ask(folder) if not asked else None
            if answer is not None and answer is not Answer.SILENT and (noted := address(folder)) is not None:
                # It just answered, so the process id in its note is its own and not a stranger's.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(noted.pid, number)
                    asked = True
            if _gone(folder):
                return
            time.sleep(_POLL)
    raise Unavailable(f"PostgreSQL in {folder.root} does not stop:\n{folder.log_tail(mark)}")


def _spawn(
    folder: Folder, bin_folder: Path, serve: Lock, preferred: int | None, *, durable: bool, extra: Mapping[str, str]
) -> None:
    """Start the server and leave it to itself: a child of nobody's, in a session of its own.

    The shell in between goes at once, so that the server outlives the process that happened to come first and is
    reaped by init, and Ctrl-C in the terminal does not reach it.
    """
    who, programs = identity.choose(folder.root, bin_folder)
    if folder.initialised():
        who.own(folder.data)
    else:
        cluster.create(folder, who, programs, serve, durable=durable)
    sockets.remove_stale(folder)
    place = sockets.socket_folder(folder, who)
    line = options.command_line(folder.data, sockets.free_port(preferred), place, durable=durable, extra=extra)
    with open(os.open(folder.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
        command = ["/bin/sh", "-c", '"$@" &', "sh", str(programs / "postgres"), *line]
        who.run(command, keep=(serve.fileno(),), output=log)


def _gone(folder: Folder) -> bool:
    """Whether no process of a server is left; if so, its notes are removed."""
    serve = Lock(folder.serve_lock)
    if not serve.take(wait=False):
        return False
    try:
        if ask(folder) is not Answer.SILENT:
            return False  # started by hand, without our lock
        sockets.remove_stale(folder)
        return True
    finally:
        serve.release()
