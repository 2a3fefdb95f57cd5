"""Making a cluster, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from askpro.errors import Unavailable
from askpro.postgres.folder import Folder
from askpro.postgres.identity import Identity
from askpro.postgres.locks import Lock
from askpro.postgres.options import initdb_line

__all__ = ("create",)


def create(folder: Folder, identity: Identity, bin_folder: Path, serve: Lock, *, durable: bool) -> None:
    """Run initdb beside the final place and rename the result into it.

    initdb inherits ``serve.lock``: if we are killed and it lives on, nobody sweeps the folder under its feet.
    Raises Unavailable with what initdb said, and then leaves nothing behind.
    """
    password = folder.password()
    folder.mark_durability(durable)
    folder.sweep()
    work = Path(tempfile.mkdtemp(prefix="new-", dir=folder.root))
    try:
        secret = work / "password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n", encoding="ascii")
        identity.own(work)
        line = initdb_line(work / "data", secret, durable=durable)
        done = identity.run([bin_folder / "initdb", *line], keep=(serve.fileno(),), output=subprocess.PIPE)
        if done.returncode != 0:
            raise Unavailable(f"initdb failed in {folder.root}:\n{done.stdout.strip()}")
        (work / "data").rename(folder.data)
        if durable:
            _sync(folder.root)
    finally:
        folder.sweep()


def _sync(folder: Path) -> None:
    """Let the rename itself reach the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
