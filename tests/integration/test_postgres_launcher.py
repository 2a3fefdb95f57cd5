"""The embedded PostgreSQL under everything that processes do to each other."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from askpro.errors import Misconfigured, Unavailable
from askpro.postgres import LocalPostgres, running
from askpro.postgres.folder import Folder
from askpro.postgres.probe import Answer, address, ask

_USER = """
import codecs, os, select, sys
from pathlib import Path
from askpro.postgres import LocalPostgres, unwinding

if len(sys.argv) > 2:  # only now: an ordinary user may not be able to reach this Python
    codecs.lookup("ascii")
    uid, gid = int(sys.argv[2]), int(sys.argv[3])
    os.setgroups([gid]), os.setgid(gid), os.setuid(uid)

with unwinding(), LocalPostgres(Path(sys.argv[1]), durable=False) as pg:
    print(pg.dsn(), flush=True)
    # not readline() alone: a signal in the moment before it blocks would be looked at only after it
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
"""
_AS_ROOT = os.geteuid() == 0


@pytest.fixture(name="root")
def _root() -> Iterator[Path]:
    """A folder not made yet, below one that every user may enter; no server is left in it."""
    base = Path(tempfile.mkdtemp(prefix="askpro-test-", dir="/tmp"))
    base.chmod(0o755)
    folder = base / "pg"
    yield folder
    if running(folder):
        with LocalPostgres(folder, durable=not Folder(folder).is_volatile()):
            pass
    shutil.rmtree(base)


@pytest.fixture(name="user")
def _user(root: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start another process that uses the server until its standard input ends."""
    with contextlib.ExitStack() as ended:

        def start(*ids: int, **how: Any) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", _USER, str(root), *map(str, ids)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **how)
            ended.enter_context(process)
            ended.callback(process.kill)
            return process

        yield start


def _dsn(process: subprocess.Popen[str]) -> str:
    """What the process was told, once the server is up."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _leave(process: subprocess.Popen[str]) -> int:
    """Let the process end in good order."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(60)


def _ask(dsn: str, sql: str) -> Any:
    """One value."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


def _kill_server(root: Path) -> None:
    """Kill -9 of the postmaster, which nobody here can reap."""
    noted = address(Folder(root))
    assert noted is not None
    os.kill(noted.pid, signal.SIGKILL)


def _born(dsn: str) -> Any:
    """Tells one server from another."""
    return _ask(dsn, "select pg_postmaster_start_time()")


def test_four_processes_share_one_server(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """Four processes on a cold folder at once get one server, and the last one out stops it."""
    processes = [user() for _ in range(4)]
    dsns = {_dsn(process) for process in processes}

    assert len(dsns) == 1
    assert "" not in dsns

    for process in processes[:3]:
        assert _leave(process) == 0
        assert running(root)

    assert _leave(processes[3]) == 0
    assert not running(root)
    assert not list(root.glob("new-*"))


def test_committed_rows_survive_the_death_of_the_server(root: Path) -> None:
    """After kill -9 of the postmaster a start brings back every committed row, at the same address."""
    with LocalPostgres(root) as pg:
        dsn = pg.dsn()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table t (n int primary key)")
            for number in range(1000):
                connection.execute("insert into t values (%s)", (number,))
            _kill_server(root)
        pg.start()

        assert dsn == pg.dsn()
        assert _ask(dsn, "select count(*) from t") == 1000

        _kill_server(root)

    assert not running(root)
    with LocalPostgres(root) as pg:
        assert _ask(pg.dsn(), "select count(*) from t") == 1000
        assert _ask(pg.dsn(), "show fsync") == "on"


def test_a_killed_user_does_not_keep_the_server(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """Kill -9 of one user leaves the server to the other, who stops it."""
    first, second = user(), user()
    assert _dsn(first) == _dsn(second)

    first.kill()
    first.wait(60)
    assert Answer.READY is ask(Folder(root))

    assert _leave(second) == 0
    assert not running(root)


def test_an_orphan_is_adopted(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """When all users were killed the next one takes the same server over, and stops it."""
    only = user()
    born = _born(_dsn(only))
    only.kill()
    only.wait(60)
    assert running(root)

    with LocalPostgres(root, durable=False) as pg:
        assert born == _born(pg.dsn())

    assert not running(root)


def test_a_forked_child_does_not_give_up_its_parents_hold(
    root: Path, user: Callable[..., subprocess.Popen[str]]
) -> None:
    """A child that ends (or calls ``stop``) is no user of its own, and other users do not stop the parent's server."""
    with LocalPostgres(root, durable=False) as pg:
        child = os.fork()
        if child == 0:
            try:
                pg.stop()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        other = user()
        _dsn(other)
        assert _leave(other) == 0
        assert running(root)

    assert not running(root)


def test_initdb_killed_half_way(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """A process killed during initdb leaves no half cluster, and the next one starts clean."""
    victim = user()
    while not list(root.glob("new-*/data/*")):
        assert victim.poll() is None
    victim.kill()
    victim.wait(60)
    assert not (root / "data").exists()
    (root / "new-leftover" / "data").mkdir(parents=True)
    (root / "new-leftover" / "data" / "PG_VERSION").write_text("18\n")

    with LocalPostgres(root, durable=False) as pg:
        assert _ask(pg.dsn(), "select 1") == 1

    assert not list(root.glob("new-*"))


def test_stale_notes_with_a_living_process_id(root: Path) -> None:
    """Notes of a dead server whose process id now belongs to somebody else do not keep a new one from starting."""
    with LocalPostgres(root, durable=False) as pg:
        port = pg.port
    notes = f"{os.getpid()}\n{root / 'data'}\n1\n{port}\n{root / 'data'}\n127.0.0.1\n1 1\nready   \n"
    (root / "data" / "postmaster.pid").write_text(notes)
    (root / "data" / f".s.PGSQL.{port}.lock").write_text(notes)
    assert not running(root)

    with LocalPostgres(root, durable=False) as pg:
        assert port == pg.port
        assert _ask(pg.dsn(), "select 1") == 1


def test_passwords_and_locale(root: Path) -> None:
    """A wrong password is refused on TCP and on the Unix socket; the right one is readable by its owner only."""
    with LocalPostgres(root, durable=False, extra={"work_mem": "5MB"}) as pg:
        noted = address(Folder(root))
        assert noted is not None
        for host in ("127.0.0.1", noted.socket_folder):
            login = {"host": host, "port": pg.port, "user": "postgres", "dbname": "postgres"}
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(**login, password="wrong")  # type: ignore[arg-type]
            with psycopg.connect(**login, password=pg.password):  # type: ignore[arg-type]
                pass

        locale = "select datlocprovider::text || datlocale from pg_database where datname = 'postgres'"
        assert _ask(pg.dsn(), locale) == "bC.UTF-8"
        assert _ask(pg.dsn(), "show work_mem") == "5MB"
        assert "postgresql://an%20other:p%40ss@127.0.0.1" in pg.dsn("d", "an other", "p@ss")
    assert stat.S_IMODE((root / "password").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_parent_leaves_nothing(
    root: Path, user: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    """SIGINT and SIGTERM unwind the parent; no process of the server outlives it."""
    parent = user(stderr=subprocess.DEVNULL)
    _dsn(parent)
    parent.send_signal(number)

    assert parent.wait(60) != 0
    assert Answer.SILENT is ask(Folder(root))
    assert not (root / "data" / "postmaster.pid").exists()


def test_a_path_too_long_for_a_socket(root: Path) -> None:
    """The Unix socket then lies in a short folder of its own, which goes with the server."""
    deep = root / ("long" * 25)
    root.mkdir(mode=0o755)
    with LocalPostgres(deep, durable=False) as pg:
        noted = address(Folder(deep))
        assert noted is not None
        assert noted.socket_folder.startswith("/tmp/askpro-")
        login = f"host={noted.socket_folder} port={pg.port} user=postgres password={pg.password}"
        assert _ask(login, "select 1") == 1
    assert not Path(noted.socket_folder).exists()


def test_what_is_refused(root: Path) -> None:
    """A failing start quotes the log and leaves nothing; kinds of cluster do not mix; our settings are ours."""
    with pytest.raises(Unavailable, match='invalid value for parameter "shared_buffers"'):
        LocalPostgres(root, durable=False, extra={"shared_buffers": "plenty"}).start()
    assert not running(root)
    with pytest.raises(Misconfigured, match="for tests"):
        LocalPostgres(root).start()
    with pytest.raises(Misconfigured, match="listen_addresses"):
        LocalPostgres(root, durable=False, extra={"listen_addresses": "*"}).start()
    (root / "password").unlink()
    with pytest.raises(Misconfigured, match="password"):
        LocalPostgres(root, durable=False).password  # noqa: B018 - the reading is what fails


@pytest.mark.skipif(not _AS_ROOT, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """The launcher needs no root: an ordinary user owns folder and server; another one is turned away."""
    nobody = pwd.getpwnam("nobody")
    os.chown(root.parent, nobody.pw_uid, nobody.pw_gid)
    process = user(nobody.pw_uid, nobody.pw_gid)
    dsn = _dsn(process)

    assert _ask(dsn, "select 1") == 1
    assert nobody.pw_uid == (root / "data").stat().st_uid
    stranger = user(12345, 12345, stderr=subprocess.PIPE)
    _, said = stranger.communicate(timeout=60)
    assert "belongs to another user" in said

    assert _leave(process) == 0
    assert not running(root)


@pytest.mark.skipif(not _AS_ROOT, reason="only root's folders are closed to the user the server runs as")
def test_root_below_a_closed_folder(root: Path) -> None:
    """Below a folder that is root's alone it works in a user namespace or says what to do; nothing is opened up.

    When the folder is opened later, the server moves to ``nobody`` and finds its data.
    """
    closed = root.parent
    closed.chmod(0o700)
    pg = LocalPostgres(root, durable=False)
    try:
        pg.start()
    except Misconfigured as error:
        refused = error.detail
    else:
        refused = ""
        assert (root / "data").stat().st_uid == 0
        _ask(pg.dsn(), "select lo_create(4711)")
        pg.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    if refused:
        assert "/var/lib/askpro" in refused
        return

    closed.chmod(0o711)
    with LocalPostgres(root, durable=False) as pg:
        assert pwd.getpwnam("nobody").pw_uid == (root / "data").stat().st_uid
        assert int(_ask(pg.dsn(), "select max(oid) from pg_largeobject_metadata")) == 4711


def test_a_server_that_is_slow_to_start_is_waited_for(root: Path, user: Callable[..., subprocess.Popen[str]]) -> None:
    """A server that accepts and does not answer yet (as in a long recovery) is neither given up nor doubled."""
    holder = user()
    born = _born(_dsn(holder))
    noted = address(Folder(root))
    assert noted is not None
    os.kill(noted.pid, signal.SIGSTOP)
    second = user()
    try:
        time.sleep(0.5)
        assert second.poll() is None
        assert ask(Folder(root)) is Answer.BUSY
        assert running(root)
    finally:
        os.kill(noted.pid, signal.SIGCONT)

    assert born == _born(_dsn(second))
