"""The HTTP client that a plugin is given: the hosts of its manifest, and nothing else.

No redirects, no proxies from the environment, HTTPS only (outside production the operator may name an
``http://`` address), 30 seconds, at most 40 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from askpro.errors import NotAllowed, Unavailable
from askpro.sdk.manifest import Manifest

__all__ = ("LimitedClient", "allowed_hosts")

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LARGEST = 40 * 1024 * 1024


def allowed_hosts(manifest: Manifest, platform: Mapping[str, Any]) -> frozenset[str]:
    """The host names behind ``net:…``; ``net:settings.<field>`` is the host of an operator's setting."""
    hosts = set()
    for capability in manifest.capabilities:
        kind, _, name = capability.partition(":")
        if kind != "net":
            continue
        if name.startswith("settings."):
            name = urlsplit(str(platform.get(name.removeprefix("settings."), ""))).hostname or ""
        if name:
            hosts.add(name.lower())
    return frozenset(hosts)


class LimitedClient:
    """See the module."""

    def __init__(
        self, hosts: frozenset[str], *, transport: httpx.AsyncBaseTransport | None = None, plain_http: bool = False
    ) -> None:
        self._hosts, self._transport, self._plain = hosts, transport, plain_http

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> httpx.Response:
        """Raises NotAllowed for another host, Unavailable when no usable answer came."""
        self._check(url)
        body, kind = content, {}
        if json is not None:
            body, kind = msgspec.json.encode(json), {"Content-Type": "application/json"}
        sent = {**kind, **(headers or {})}
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT, trust_env=False) as client,
                client.stream(method, url, headers=sent, content=body, data=data) as response,
            ):
                return await _whole(response)
        except httpx.HTTPError as error:
            raise Unavailable(f"{urlsplit(url).hostname}: {type(error).__name__}", code="no_answer") from error

    def _check(self, url: str) -> None:
        try:
            parts = httpx.URL(url)  # the very parser that the request will use
        except httpx.InvalidURL as error:
            raise NotAllowed("that is no address", code="not_https") from error
        if parts.scheme != "https" and not (self._plain and parts.scheme == "http"):
            raise NotAllowed("plugins speak HTTPS only", code="not_https")
        if parts.host not in self._hosts or parts.userinfo:
            raise NotAllowed(f"no capability net:{parts.host}", code="capability_missing")


async def _whole(response: httpx.Response) -> httpx.Response:
    """Read the body up to the limit; what arrives compressed is counted unpacked."""
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > _LARGEST:
            raise Unavailable("the answer is too large", code="answer_too_large")
        chunks.append(chunk)
    unpacked = ("content-encoding", "content-length")
    headers = [(name, value) for name, value in response.headers.items() if name.lower() not in unpacked]
    return httpx.Response(response.status_code, headers=headers, content=b"".join(chunks))
