"""The rooms of the customer portal: every route and who may enter, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Request, Response, Router
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from askpro.errors import Misconfigured
from askpro.web.permissions import PUBLIC
from askpro.web.portal import calls, checkout, downloads, overview, settings, sign_in, topup, transactions
from askpro.web.portal.visit import Visit
from askpro.web.portal_auth import HANDLERS, ROLES, guard

__all__ = ("ROUTES", "Route", "portal_router")

Page = Callable[[Visit], Awaitable[Response[bytes]]]


@dataclass(frozen=True, slots=True)
class Route:
    """``permission`` is a row of the role matrix (``portal_auth.ROLES``)."""

    method: Literal["GET", "POST"]
    path: str
    page: Page
    permission: str


ROUTES = (
    Route("GET", "/sign-in", sign_in.show, PUBLIC),
    Route("POST", "/sign-in", sign_in.enter, PUBLIC),
    Route("GET", "/language/{code:str}", settings.switch_language, PUBLIC),
    Route("GET", "/", overview.show, "customer"),
    Route("GET", "/topup", topup.choose, "customer"),
    Route("POST", "/topup/review", topup.check, "customer"),
    Route("GET", "/topup/review", topup.review, "customer"),
    Route("POST", "/topup/pay", checkout.pay, "customer"),
    Route("GET", "/topup/{order:uuid}", checkout.done, "customer"),
    Route("GET", "/transactions", transactions.show, "customer"),
    Route("GET", "/transactions.csv", downloads.transactions_csv, "customer"),
    Route("GET", "/calls", calls.show, "customer"),
    Route("GET", "/calls.csv", downloads.calls_csv, "customer"),
    Route("GET", "/calls/{call:uuid}", calls.explain, "customer"),
    Route("GET", "/settings", settings.show, "customer"),
    Route("POST", "/settings/language", settings.set_language, "customer"),
    Route("POST", "/settings/appearance", settings.set_appearance, "customer"),
    Route("POST", "/settings/password", settings.change_password, "customer"),
    Route("POST", "/sign-out", sign_in.leave, "customer"),
)
"""All of them."""


def portal_router(routes: Sequence[Route] = ROUTES) -> Router:
    """The portal, to be mounted at the root. Raises Misconfigured for a route with no row in the role matrix."""
    for route in routes:
        if route.permission not in ROLES:
            raise Misconfigured(f"route {route.path} does not say who may use it ({route.permission!r})")
    handlers = [_handler(route) for route in routes]
    return Router("/", route_handlers=handlers, guards=[guard], exception_handlers=dict(HANDLERS))


def _handler(route: Route) -> HTTPRouteHandler:
    async def endpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await route.page(Visit.of(request))

    endpoint.__name__ = f"portal_{route.page.__module__.rpartition('.')[2]}_{route.page.__name__}"
    methods = [HttpMethod.GET, HttpMethod.HEAD] if route.method == "GET" else [HttpMethod.POST]
    decorate = HTTPRouteHandler(
        route.path,
        http_method=methods,
        opt={"permission": route.permission},
        include_in_schema=False,
        status_code=200,
        name=endpoint.__name__,
    )
    return decorate(endpoint)
