"""``askpro serve``: the web processes, on granian."""

from __future__ import annotations

import asyncio
import os
import tempfile
from ipaddress import ip_address

import asyncpg
import click

from askpro import db, logs
from askpro.errors import Misconfigured
from askpro.migrations.runner import pending
from askpro.settings import Settings

__all__ = ("serve",)

_PATIENCE = 20  # seconds a worker may take for what it has begun; then it is killed


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: ASKPRO_PORT.")
@click.option("--workers", type=click.IntRange(1, 256), help="Web processes. Default: ASKPRO_WORKERS.")
def serve(address: str, port: int | None, workers: int | None) -> None:
    """Serve portals and API until SIGTERM or SIGINT; requests under way are finished first.

    Refuses to start on a setting that is missing or unsafe, and says which.
    """
    settings = Settings.from_env()
    count = workers or settings.workers
    _check(settings, address, count)
    asyncio.run(_check_database(settings))
    logs.configure(json=settings.log_json)
    with tempfile.TemporaryDirectory(prefix="askpro-metrics-") as folder:
        if count > 1:  # workers count in files there; /metrics adds them up
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        if port:
            os.environ["ASKPRO_PORT"] = str(port)  # the workers put it into addresses they give out
        _run(address, port or settings.port, count)


def _run(address: str, port: int, workers: int) -> None:
    """Start the workers and wait for them. They read their settings from the environment."""
    from granian import Granian
    from granian.constants import Interfaces

    server = Granian(
        "askpro.app:from_env",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_PATIENCE,
        log_dictconfig={
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"_granian": {"level": "INFO", "handlers": [], "propagate": True}},
        },
    )
    server.serve()


def _check(settings: Settings, address: str, workers: int) -> None:
    """What settings alone cannot know. Raises Misconfigured."""
    found = []
    try:
        outside = not ip_address(address).is_loopback
    except ValueError:
        outside = address != "localhost"
    if outside and not settings.production:
        found.append(f"--address {address} is reachable from outside, and ASKPRO_ENVIRONMENT is not production.")
    if settings.production and not settings.trusted_proxies and not outside:
        found.append(
            "ASKPRO_TRUSTED_PROXIES is not set: behind a proxy on this machine every visitor would look the same, and "
            "addresses could not be told apart by the limits."
        )
    if workers * settings.pool_max > 500:
        found.append(f"{workers} workers × ASKPRO_POOL_MAX {settings.pool_max}: more connections than a server takes.")
    if found:
        raise Misconfigured("\n".join(found))


async def _check_database(settings: Settings) -> None:
    """It answers, guards its rows against the role we sign in as, and is up to date. Raises Misconfigured."""
    await db.start(settings.database_url, min_size=0, max_size=1, pooler=settings.pooler)
    try:
        role = await db.call_row(
            "select rolname as name, rolsuper or rolbypassrls as free from pg_roles where rolname = current_user"
        )
        if role["free"]:
            raise Misconfigured(
                f"ASKPRO_DATABASE_URL signs in as {role['name']}, whom row-level security does not hold back."
            )
        try:
            async with db.shared_unit():
                missing = await pending()
        except asyncpg.PostgresError as error:
            raise Misconfigured("ASKPRO_DATABASE_URL: this database is not set up: askpro migrate") from error
        if missing:
            raise Misconfigured(f"The database is {len(missing)} migrations behind this release: askpro migrate")
    finally:
        await db.stop()
