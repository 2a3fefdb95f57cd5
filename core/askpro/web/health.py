"""Is it alive, is it ready, what is wrong: for load balancers, orchestrators and operators.

``/health/live`` says that the process answers. ``/health/ready`` is 503 until the database is there and migrated and
the required plugins are up. ``/health`` lists everything; the reasons behind it are shown to operators only
(``Proxies.is_local``), the rest of the world learns states and no names of machines, roles or files.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, get
from msgspec import Struct

from askpro import db
from askpro.jobs import queries as queue
from askpro.migrations.runner import pending
from askpro.pluginhost import Host, PluginReport, Stage
from askpro.web.answers import sent
from askpro.web.proxies import Proxies

__all__ = ("HANDLERS", "Health", "PluginState", "Report")

log = structlog.get_logger("askpro.web.health")

_FRESH = 1.0
_PUBLIC = {"permission": "public"}


class PluginState(Struct, frozen=True, omit_defaults=True):
    """A plugin, and why it is not up where it is not."""

    id: str
    state: str
    required: bool = False
    reason: str = ""


class Report(Struct, frozen=True, omit_defaults=True):
    """``status``: ok, degraded (it serves, something is broken), down (it cannot serve)."""

    status: str
    database: str
    migrations_pending: int
    plugins: tuple[PluginState, ...]
    queue: dict[str, int] = {}
    problems: tuple[str, ...] = ()


class Health:
    """Looks at most once a second, however often it is asked."""

    def __init__(self, host: Host, required: tuple[str, ...]) -> None:
        self._host = host
        self._required = frozenset(required)
        self._migrated = False
        self._last: Report | None = None
        self._at = float("-inf")

    async def report(self) -> Report:
        """The state of things, with reasons."""
        now = time.monotonic()
        if self._last is None or now - self._at > _FRESH:
            self._last, self._at = await self._look(), now
        return self._last

    async def _look(self) -> Report:
        problems: list[str] = []
        database, missing, counts = "ok", [], {}
        try:
            async with db.shared_unit():
                await db.fetchval("select 1")
                if not self._migrated:  # once migrated, a running process's own code asks for nothing new
                    missing = await pending()
                    self._migrated = not missing
                counts = await queue.counts()
        except Exception as error:  # whatever it is: this page is where it has to be seen
            log.error("health: the database does not answer", error=f"{type(error).__name__}: {error}")
            database = "down"
            problems.append("the database does not answer")
        if missing:
            problems.append(f"{len(missing)} migrations are pending")
        plugins = tuple(
            PluginState(one.id, _state(one), one.id in self._required, one.reason) for one in self._host.report()
        )
        absent = sorted(self._required - {one.id for one in plugins if one.state == "ready"})
        problems += [f"required plugin {name} is not up" for name in absent]
        broken = any(one.state == "quarantined" for one in plugins)
        status = "down" if problems else "degraded" if broken else "ok"
        return Report(status, database, len(missing), plugins, counts, tuple(problems))


def _state(report: PluginReport) -> str:
    if report.reason:
        return "quarantined"
    return "ready" if report.stage is Stage.READY else "starting"


@get("/health/live", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def live() -> Response[bytes]:
    """The process answers."""
    return sent(b'{"status":"ok"}')


@get("/health/ready", opt=_PUBLIC, include_in_schema=False)
async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Whether requests should be sent here."""
    report = await _health(request).report()
    serves = report.status != "down"
    body = msgspec.json.encode({"status": "ok" if serves else "down", "problems": report.problems})
    return sent(body, status=200 if serves else 503)


@get("/health", opt=_PUBLIC, include_in_schema=False)
async def health(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Everything that is watched."""
    report = await _health(request).report()
    proxies: Proxies = request.app.state.proxies
    if not proxies.is_local(request.scope["state"]["peer"]):
        plugins = tuple(msgspec.structs.replace(one, reason="") for one in report.plugins)
        report = msgspec.structs.replace(report, plugins=plugins, queue={})
    status = 503 if report.status == "down" else 200
    return sent(msgspec.json.encode(report), status=status)


def _health(request: Request[Any, Any, Any]) -> Health:
    found: Health = request.app.state.health
    return found


HANDLERS = (live, ready, health)
