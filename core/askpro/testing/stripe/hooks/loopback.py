"""Names under ``localhost`` are this machine (RFC 6761), whatever its resolver thinks of them."""

from __future__ import annotations

import httpx

__all__ = ("LoopbackTransport",)


class LoopbackTransport(httpx.AsyncBaseTransport):
    """The network, but ``*.localhost`` is 127.0.0.1; the Host header keeps the name."""

    def __init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.endswith(".localhost"):
            request.url = request.url.copy_with(host="127.0.0.1")
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()
