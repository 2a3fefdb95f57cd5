"""The server's settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from askpro.errors import Misconfigured

__all__ = ("command_line", "initdb_line")

_SMALL_BOX = {
    # Two cores and a few gigabytes that the application needs as well.
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    # Queries are short: compiling them costs more than it saves.
    "jit": "off",
    "random_page_cost": "1.1",
    # Fewer, smaller log records; crash recovery stays within one gigabyte of them.
    "wal_compression": "pglz",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "password_encryption": "scram-sha-256",
}

_VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}

_OURS = frozenset({"config_file", "data_directory", "hba_file", "listen_addresses", "unix_socket_directories"})


def command_line(
    data: Path, port: int, socket_folder: Path | None, *, durable: bool, extra: Mapping[str, str]
) -> list[str]:
    """Arguments for ``postgres``; ``extra`` comes last and wins.

    Raises Misconfigured when ``extra`` would move the server away from where it is looked for.
    """
    if taken := sorted(_OURS & {name.lower() for name in extra}):
        raise Misconfigured(f"{', '.join(taken)} cannot be set for the embedded PostgreSQL")
    place = "" if socket_folder is None else '"' + str(socket_folder).replace('"', '""') + '"'
    settings = {
        **_SMALL_BOX,
        **({} if durable else _VOLATILE),
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": place,
        "unix_socket_permissions": "0700",
        **extra,
    }
    return ["-D", str(data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


def initdb_line(data: Path, password_file: Path, *, durable: bool) -> list[str]:
    """Arguments for ``initdb``: UTF-8, the built-in locale that needs no library of the machine, passwords only."""
    return [
        f"--pgdata={data}",
        f"--pwfile={password_file}",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        *(() if durable else ("--no-sync",)),
    ]
