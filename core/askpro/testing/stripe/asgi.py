"""The stand-in as an ASGI application: the API below /v1, pages everywhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from askpro.testing.stripe.answering import Desk, Request
from askpro.testing.stripe.pages import book as pages

__all__ = ("Application", "application")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
_LARGEST = 1_000_000
"""Bytes of a request."""


def application(desk: Desk) -> Application:
    """The application that answers for a desk."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _respond(send, *await _http(desk, scope, receive))

    return app


async def _http(desk: Desk, scope: MutableMapping[str, Any], receive: Receive) -> tuple[int, bytes, dict[str, str]]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    request = Request(
        scope["method"], scope["path"], scope["query_string"].decode("latin-1"), await _body(receive), headers
    )
    if request.path.startswith("/v1/"):
        answer = await desk.answer(request)
        return answer.status, answer.body, answer.headers
    form = dict(parse_qsl(request.body if request.method == "POST" else request.query))
    page = pages.show(desk.world, request.method, request.path, form)
    more = {"location": page.location} if page.location else {}
    return page.status, page.html.encode(), {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _POLICY,
        "cache-control": "no-store",
        **more,
    }  # fmt: skip


async def _body(receive: Receive) -> str:
    parts, more, size = [], True, 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False) and size <= _LARGEST
    return b"".join(parts).decode()


async def _respond(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    shown = {**headers, "content-length": str(len(body))}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in shown.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
