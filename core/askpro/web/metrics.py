"""Figures for Prometheus at ``/metrics``, for operators only: loopback or a trusted network (``Proxies.is_local``).

Labels are route templates, never paths, so their number is bounded and no id gets in. With several workers
``askpro serve`` gives them a folder to share their counts in (PROMETHEUS_MULTIPROC_DIR).
"""

from __future__ import annotations

import os
from typing import Any

from litestar import Request, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from askpro.errors import NotFound
from askpro.web.answers import sent
from askpro.web.proxies import Proxies

__all__ = ("metrics", "observe")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_requests = Counter("askpro_requests", "Answered requests", ("method", "route", "status"))
_seconds = Histogram("askpro_request_seconds", "Seconds until the answer was out", ("route",), buckets=_SECONDS)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_children: dict[tuple[str, str, int], Any] = {}
_timers: dict[str, Any] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request. ``route`` is a template, empty where none matched."""
    key = (method if method in _METHODS else "other", route or "none", status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _requests.labels(key[0], key[1], str(status))
    child.inc()
    timer = _timers.get(key[1])
    if timer is None:
        timer = _timers[key[1]] = _seconds.labels(key[1])
    timer.observe(seconds)


@get("/metrics", opt={"permission": "operator-network"}, include_in_schema=False, sync_to_thread=False)
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """All figures of all workers. Raises NotFound for anybody outside."""
    proxies: Proxies = request.app.state.proxies
    if not proxies.is_local(request.scope["state"]["peer"]):
        raise NotFound
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return sent(generate_latest(registry), CONTENT_TYPE_LATEST)
