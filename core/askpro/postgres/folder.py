"""The folder that a local server lives in."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from askpro.errors import Misconfigured

__all__ = ("Folder",)

_LOG_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Folder:
    """Names and small files of one server's folder (the table is in the package's docstring)."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def use_lock(self) -> Path:
        return self.root / "use.lock"

    @property
    def serve_lock(self) -> Path:
        return self.root / "serve.lock"

    @property
    def _password(self) -> Path:
        return self.root / "password"

    @property
    def _volatile(self) -> Path:
        return self.root / "volatile"

    @property
    def _port(self) -> Path:
        return self.root / "port"

    def prepare(self) -> None:
        """Make the folder if it is missing.

        Made by root it may be passed through by others (0711), because the server does not run as root; a folder
        that is there already keeps its mode, and so does everything above it.
        Raises Misconfigured when this user may not write to it.
        """
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            if not self.root.is_dir():
                self.root.mkdir(mode=0o700, exist_ok=True)
                if os.geteuid() == 0:
                    self.root.chmod(0o711)
        except OSError as error:
            raise Misconfigured(f"cannot make the database folder {self.root}: {error.strerror}") from error
        usable = os.access(self.root, os.R_OK | os.W_OK | os.X_OK)
        if not usable or (self.start_lock.exists() and not os.access(self.start_lock, os.W_OK)):
            raise Misconfigured(
                f"the database folder {self.root} belongs to another user; run as that user or choose another folder"
            )

    def initialised(self) -> bool:
        """Whether a complete cluster is there."""
        return (self.data / "PG_VERSION").is_file()

    def is_volatile(self) -> bool:
        """Whether the cluster was made without syncing to disk."""
        return self._volatile.exists()

    def check_durability(self, durable: bool) -> None:
        """Refuse to mix: real data without fsync is lost, and a cluster made without fsync may be broken already.

        Raises Misconfigured.
        """
        if self.initialised() and durable is self.is_volatile():
            made = "without syncing to disk, for tests" if durable else "to keep its data"
            raise Misconfigured(f"the cluster in {self.root} was made {made}; choose another folder")

    def mark_durability(self, durable: bool) -> None:
        """Note what kind of cluster is about to be made."""
        if durable:
            self._volatile.unlink(missing_ok=True)
        else:
            self._volatile.touch(mode=0o600)

    def password(self) -> str:
        """The superuser's password; drawn at random when there is no cluster yet that could know another.

        Raises Misconfigured when a cluster is there and its password file is not.
        """
        try:
            if found := self._password.read_text(encoding="ascii").strip():
                return found
        except FileNotFoundError:
            pass
        if self.initialised():
            raise Misconfigured(f"{self._password} is missing; restore it, or remove {self.data} to begin anew")
        drawn = secrets.token_urlsafe(24)
        self._write(self._password, drawn)
        return drawn

    def preferred_port(self) -> int | None:
        """The port of last time, so that addresses handed out before a crash hold after it."""
        try:
            return int(self._port.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        """Note the port for next time."""
        if self.preferred_port() != port:
            self._write(self._port, str(port))

    def leftovers(self) -> list[Path]:
        """Working folders of an initdb that was killed."""
        return [path for path in self.root.glob("new-*") if path.is_dir()]

    def sweep(self) -> None:
        """Remove what a killed initdb left; to be called only while holding ``serve.lock``."""
        for path in self.leftovers():
            shutil.rmtree(path, ignore_errors=True)

    def log_size(self) -> int:
        """Bytes in the log, after putting an overlong one aside."""
        try:
            size = self.log.stat().st_size
        except FileNotFoundError:
            return 0
        if size < _LOG_LIMIT:
            return size
        self.log.replace(self.log.with_name("log.old"))
        return 0

    def log_tail(self, since: int = 0, lines: int = 20) -> str:
        """The last lines the server wrote behind byte ``since``, for an error message."""
        try:
            with self.log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(since, end - 8192))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _write(self, path: Path, text: str) -> None:
        """Write whole and durably or not at all, readable by the owner only."""
        half = path.with_name(path.name + ".half")
        half.unlink(missing_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
