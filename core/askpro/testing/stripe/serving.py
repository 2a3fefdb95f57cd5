"""The stand-in on a port, in the running event loop: for demos, and for tests with a real browser.

A plain HTTP/1.1 server of asyncio and h11. In the same loop and process as the test, so that the test's hands and the
browser meet the same Stripe; a connection whose answer got lost is cut, as on a wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import h11

from askpro.testing.stripe.asgi import Application
from askpro.testing.stripe.standin import StripeStandIn

__all__ = ("PAUSE", "delivering", "served")

PAUSE = 0.2
"""Seconds between two looks at what is due."""
_CHUNK = 65_536


@asynccontextmanager
async def served(standin: StripeStandIn, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve it inside the block; the address, at which its pages also are from now on. Port 0 is any free one."""
    open_ones: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        open_ones.add(task)
        try:
            await _Connection(standin.asgi, reader, writer).serve()
        except (ConnectionError, h11.RemoteProtocolError):
            pass  # the other side is gone, or an answer got lost on purpose
        finally:
            open_ones.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, host, port)
    standin.world.base_url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield standin.world.base_url
    finally:
        server.close()
        for task in list(open_ones):
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def delivering(standin: StripeStandIn) -> None:
    """Send what is due, until cancelled."""
    while True:
        await standin.deliver_due()
        await asyncio.sleep(PAUSE)


class _Connection:
    """One connection: requests, one after the other."""

    def __init__(self, app: Application, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.app, self.reader, self.writer = app, reader, writer
        self.protocol = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        while isinstance(request := await self._next(), h11.Request):
            await self._answer(request, await self._body())
            if self.protocol.our_state is not h11.DONE:
                return
            self.protocol.start_next_cycle()

    async def _next(self) -> object:
        while (event := self.protocol.next_event()) is h11.NEED_DATA:
            if self.protocol.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self.protocol.receive_data(await self.reader.read(_CHUNK))
        return event

    async def _body(self) -> bytes:
        parts = []
        while isinstance(event := await self._next(), h11.Data):
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def _answer(self, request: h11.Request, body: bytes) -> None:
        path, _, query = request.target.partition(b"?")
        scope: dict[str, Any] = {
            "type": "http",
            "method": request.method.decode(),
            "path": path.decode("latin-1"),
            "query_string": query,
            "headers": [(name, value) for name, value in request.headers],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                await self._send(h11.Response(status_code=message["status"], headers=message["headers"]))
            else:
                await self._send(h11.Data(data=message["body"]))

        await self.app(scope, receive, send)
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        if data := self.protocol.send(event):
            self.writer.write(data)
            with suppress(ConnectionResetError):
                await self.writer.drain()
