"""The outermost wrapper: who is there, a request id, and the headers no answer goes out without.

A header that an answer has set itself is left alone; that is how static files become cacheable and the API document
gets its own policy.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

from askpro.logs import request_id
from askpro.web import limits, metrics
from askpro.web.failures import header
from askpro.web.proxies import Proxies

__all__ = ("CSP", "SecurityHeaders")

App = Callable[[Any, Any, Any], Awaitable[None]]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing foreign, in nobody's frame."""

_ALWAYS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_PASSED_ON = re.compile(r"[A-Za-z0-9._-]{8,64}")


class SecurityHeaders:
    """Puts ``peer`` and ``request_id`` into the scope's state; adds headers; counts the request."""

    def __init__(self, app: App, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks anything but HTTP
            return
        began = perf_counter()
        peer = self._proxies.peer(scope)
        said = header(scope, b"x-request-id") if peer.trusted else ""
        name = said if _PASSED_ON.fullmatch(said) else uuid4().hex
        state = scope["state"] = {**(scope.get("state") or {}), "peer": peer, "request_id": name}
        token = request_id.set(name)
        seen = 500

        async def dressed(message: Any) -> None:
            nonlocal seen
            if message["type"] == "http.response.start":
                seen = message["status"]
                message["headers"] = _dressed(list(message["headers"]), state, name, https=peer.https)
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        finally:
            request_id.reset(token)
            metrics.observe(scope["method"], scope.get("path_template", ""), seen, perf_counter() - began)


def _dressed(
    headers: list[tuple[bytes, bytes]], state: dict[str, Any], name: str, *, https: bool
) -> list[tuple[bytes, bytes]]:
    present = {key.lower() for key, _ in headers}
    headers += [pair for pair in _ALWAYS if pair[0] not in present]
    headers.append((b"x-request-id", name.encode()))
    headers.append((b"vary", b"Host"))
    if https:
        headers.append(_HSTS)
    if verdicts := state.get("rate"):
        headers += limits.fields(verdicts)
    return headers
