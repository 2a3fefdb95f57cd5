"""Host → tenant, ahead of everything: a plain ASGI wrapper, because Litestar's middleware never sees a 404.

The tenant lies in the scope's state and in ``current_tenant`` while the request lasts. Operators' pages and static
files belong to nobody and are served under any host.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from askpro.errors import BadRequest
from askpro.logs import tenant_slug
from askpro.tenancy.hosts import Hosts
from askpro.tenancy.model import Tenant
from askpro.web.failures import Failures

__all__ = ("ANY_HOST", "TenantHost", "current_tenant")

App = Callable[[Any, Any, Any], Awaitable[None]]

current_tenant: ContextVar[Tenant | None] = ContextVar("askpro_tenant", default=None)

ANY_HOST = ("/health", "/metrics", "/static/", "/theme/platform.")
"""What is served whoever is asked."""

_AT_HOME = ("/webhooks/",)
"""What is served at the base domain itself, where no reseller lives."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\])(?::\d{{1,5}})?", re.IGNORECASE)


class TenantHost:
    """Finds the tenant or answers 400 (no host, two hosts, nonsense) or 421 (nobody there) by itself."""

    def __init__(self, app: App, hosts: Hosts, failures: Failures) -> None:
        self._app = app
        self._hosts = hosts
        self._failures = failures

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope["state"]
        try:
            host = state["peer"].host
            if host is None or len(host) > 259 or not _HOST.fullmatch(host):
                raise BadRequest("the Host header is missing, doubled or malformed", code="host_malformed")
            tenant = await self._tenant(scope["path"], host)
        except Exception as error:
            status, headers, body = self._failures.answer(error, scope)
            await _reply(send, status, headers, body, head=scope["method"] == "HEAD")
            return
        state["tenant"] = tenant
        token = current_tenant.set(tenant)
        slug = tenant_slug.set(tenant.slug if tenant else "")
        try:
            await self._app(scope, receive, send)
        finally:
            tenant_slug.reset(slug)
            current_tenant.reset(token)

    async def _tenant(self, path: str, host: str) -> Tenant | None:
        if path.startswith(ANY_HOST) or (path.startswith(_AT_HOME) and self._hosts.is_base(host)):
            return None
        return await self._hosts.find(host)


async def _reply(send: Any, status: int, headers: dict[str, str], body: bytes, *, head: bool) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else body})
