"""``askpro serve``: the web processes, on granian."""

from __future__ import annotations

import os
import tempfile
from ipaddress import ip_address

import click

from askpro import logs
from askpro.errors import Misconfigured
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
    logs.configure(json=settings.log_json)
    with tempfile.TemporaryDirectory(prefix="askpro-metrics-") as folder:
        if count > 1:  # workers count in files there; /metrics adds them up
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        run(address, port or settings.port, count)


def run(address: str, port: int, workers: int) -> None:
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
