"""Every route says who may use it, in one word under ``opt["permission"]``; one that does not stops the application.

An API scope (``customers:read``) is checked by ``auth.admit``, a room of the portal by the portal's own guard. The
other words are reasons why a route needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from askpro.errors import Misconfigured
from askpro.people.keys import SCOPES

__all__ = ("OPERATOR_NETWORK", "PORTAL", "PUBLIC", "declared", "require_declared")

PUBLIC = "public"
"""Anybody: style sheets, the sign-in page, the API's description."""
OPERATOR_NETWORK = "operator-network"
"""Whoever comes from loopback or a trusted network; the handler checks it."""
PORTAL = frozenset({"person", "customer", "staff", "operator"})
"""A signed-in person (of that role); the portal's guard checks it."""

_WORDS = {PUBLIC, OPERATOR_NETWORK, *PORTAL, *SCOPES}


def declared(app: Litestar) -> Iterator[tuple[str, str, str]]:
    """(method, path, permission) of every route; the matrix of the documentation and of the tests.

    Raises Misconfigured naming the first route without a permission, with an unknown one or without a guard.
    """
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise Misconfigured(f"route {route.path}: only HTTP is spoken here")
        for handler in route.route_handlers:
            if _automatic(handler):
                continue
            said = handler.opt.get("permission")
            if said is None and handler.opt.get("plugin"):
                said = "plugin"  # its guard was required and checked when the plugin's router was built
            elif said not in _WORDS:
                raise Misconfigured(f"route {route.path} does not say who may use it ({said!r})")
            elif not _checked(handler, said):
                raise Misconfigured(f"route {route.path} says {said!r} and has nobody to check it")
            for method in sorted(handler.http_methods):
                yield method, route.path, said


def require_declared(app: Litestar) -> None:
    """Called by ``create_app``: fails the construction, not the first request."""
    for _ in declared(app):
        pass


def _checked(handler: Any, said: str) -> bool:
    if said in SCOPES:
        return bool(handler.resolve_before_request())
    return said not in PORTAL or bool(handler.resolve_guards())


def _automatic(handler: Any) -> bool:
    """Litestar answers OPTIONS for each path by itself, with nothing but the methods there are."""
    return bool(handler.http_methods == {"OPTIONS"} and handler.fn.__module__ == "litestar.routes.http")
