"""As whom the server runs: PostgreSQL refuses to be root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from askpro.errors import Misconfigured
from askpro.postgres import programs

__all__ = ("Identity", "choose")

_UNKNOWN = 65534


@dataclass(frozen=True)
class Identity:
    """A way to start a program.

    ``prefix`` goes before the command, ``user`` and ``group`` are switched to first, and files that the program
    shall own are given to ``uid`` and ``gid`` (None: they are its own already).
    """

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    uid: int | None = None
    gid: int | None = None

    def run(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        keep: tuple[int, ...] = (),
        output: IO[Any] | int = subprocess.DEVNULL,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, away from our terminal and its signals; ``keep`` are files it inherits.

        A group list is given although it names the main group only: an empty one is ignored by some Pythons,
        and the program would keep root's groups.
        """
        return subprocess.run(  # noqa: S603 - our own programs with our own arguments, no shell text
            [*self.prefix, *command],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=programs.environment(),
            start_new_session=True,
            pass_fds=keep,
            user=self.user,
            group=self.group,
            extra_groups=None if self.group is None else [self.group],
        )

    def own(self, path: Path) -> None:
        """Give a file or a whole tree to this identity, the top last: if it is right, all below it is."""
        if self.uid is None or self.gid is None or path.lstat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(path, topdown=False):
            for name in files:
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)
        if not path.is_dir():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        """Whether it can pass through the folder; tried out, because access lists and mounts have a say too."""
        return self._succeeds("/bin/sh", "-c", 'test -x "$1"', "sh", str(folder))

    def starts(self, bin_folder: Path) -> bool:
        """Whether it can run the programs there."""
        return all(self._succeeds(str(bin_folder / name), "--version") for name in ("postgres", "initdb"))

    def _succeeds(self, *command: str) -> bool:
        try:
            return self.run(command).returncode == 0
        except OSError:
            return False


def choose(root: Path, bin_folder: Path) -> tuple[Identity, Path]:
    """Who shall serve ``root``, and with which programs.

    Not root: ourselves. Root: ``nobody``, if need be with a copy of the programs; where ``nobody`` cannot pass (a
    folder below /root, say) a user namespace, in which the server is not root although its files are root's. No
    folder above ``root`` is ever opened to others for this.

    Raises Misconfigured when none of that is possible, with the remedy.
    """
    if os.geteuid() != 0:
        return Identity(), bin_folder
    nobody = _nobody()
    if nobody.reaches(root):
        if nobody.starts(bin_folder):
            return nobody, bin_folder
        copy = programs.copied(bin_folder, root)
        if nobody.starts(copy):
            return nobody, copy
    namespace = _namespace()
    if namespace is not None and namespace.reaches(root) and namespace.starts(bin_folder):
        return namespace, bin_folder
    raise Misconfigured(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {root}; choose a folder that others may "
        "pass through, such as /var/lib/askpro (ASKPRO_DATA or --data), or run as an ordinary user"
    )


def _nobody() -> Identity:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        uid = gid = _UNKNOWN
    else:
        uid, gid = entry.pw_uid, entry.pw_gid
    return Identity(user=uid, group=gid, uid=uid, gid=gid)


def _namespace() -> Identity | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = (unshare, "--user", f"--map-user={_UNKNOWN}", f"--map-group={_UNKNOWN}", "--")
    return Identity(prefix=prefix, uid=0, gid=0)
