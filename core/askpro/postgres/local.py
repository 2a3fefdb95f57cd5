"""One user's hold on the shared local server."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from askpro.errors import Unavailable
from askpro.postgres import programs, server
from askpro.postgres.folder import Folder
from askpro.postgres.locks import Lock

__all__ = ("LocalPostgres",)


class LocalPostgres:
    """A PostgreSQL server in the folder ``root``, up as long as anybody uses it.

    ``durable=False`` is for tests: fast, and a power cut may ruin the cluster. A folder is one or the other for
    good. ``extra`` are settings of the server that win over the defaults; they count for whoever starts it.

    Errors: Misconfigured (folder of another user or out of reach, wheel missing, wrong kind of cluster),
    Unavailable (the server does not start or stop; the end of its log is in the message).
    """

    def __init__(self, root: Path, *, durable: bool = True, extra: Mapping[str, str] | None = None) -> None:
        self.bin: Path = programs.installed()
        """The folder with psql, pg_dump, pg_restore and pgbench."""
        self._folder = Folder(Path(root).absolute())
        self._durable = durable
        self._extra = dict(extra or {})
        self._use: Lock | None = None
        self._user = 0
        self._port: int | None = None

    @property
    def root(self) -> Path:
        """The server's folder."""
        return self._folder.root

    @property
    def port(self) -> int:
        """TCP port at 127.0.0.1. Raises Unavailable before ``start``."""
        if self._port is None:
            raise Unavailable("the embedded PostgreSQL has not been started")
        return self._port

    @property
    def password(self) -> str:
        """Of the superuser ``postgres``."""
        return self._folder.password()

    def dsn(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """A URL for asyncpg, psycopg and libpq; the superuser's password is filled in, other roles' are not known.

        Raises Unavailable before ``start``.
        """
        if password is None and user == "postgres":
            password = self.password
        secret = "" if password is None else ":" + quote(password, safe="")
        return f"postgresql://{quote(user, safe='')}{secret}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def start(self) -> None:
        """Use the server, starting it first if need be; called again, bring it back if it died meanwhile."""
        self._folder.prepare()
        with Lock(self._folder.start_lock):
            if self._use is not None and self._user != os.getpid():
                self._use.forget()  # our parent's hold, copied by a fork
                self._use = None
            if self._use is None:
                self._use, self._user = Lock(self._folder.use_lock), os.getpid()
                self._use.take(shared=True)
                atexit.register(self.stop)
            try:
                self._folder.check_durability(self._durable)
                self._port = server.ensure(self._folder, self.bin, durable=self._durable, extra=self._extra)
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Use the server no longer; the last user stops it. A second call does nothing."""
        if self._use is None:
            return
        if self._user != os.getpid():
            # A forked child has only a copy of its parent's hold, and must not give that up.
            self._use.forget()
            self._use = None
            return
        with Lock(self._folder.start_lock):
            self._leave()

    def _leave(self) -> None:
        use, self._use, self._port = self._use, None, None
        atexit.unregister(self.stop)
        if use is None:
            return
        try:
            if use.take(wait=False):
                server.shut_down(self._folder)
        finally:
            use.release()

    def __enter__(self) -> LocalPostgres:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
