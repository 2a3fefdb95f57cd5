"""The rooms of the customer portal: every route and who may enter, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Request, Response, Router
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import Empty

from askpro.errors import Misconfigured
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.permissions import PUBLIC
from askpro.web.portal import (
    auto_topup,
    calls,
    checkout,
    downloads,
    methods,
    notifications,
    overview,
    settings,
    sign_in,
    topup,
    transactions,
)
from askpro.web.portal.visit import Visit
from askpro.web.portal_auth import HANDLERS, ROLES, guard

__all__ = ("ASKING", "ROUTES", "Asks", "Page", "Route", "portal_router")

Page = Callable[[Visit], Awaitable[Response[bytes]]]
Asks = Literal["", "always", "back", "check"]

ASKING = Policy("asking", 100, 600)
"""Requests of one person in ten minutes for which a payment provider is asked something."""


@dataclass(frozen=True, slots=True)
class Route:
    """``permission`` is a row of the role matrix (``portal_auth.ROLES``); ``most``: bytes a form may bring along.

    ``asks``: a payment provider is asked, each time or when the address has that parameter (``ASKING``).
    """

    method: Literal["GET", "POST"]
    path: str
    page: Page
    permission: str
    most: int | None = None
    asks: Asks = ""


ROUTES = (
    Route("GET", "/sign-in", sign_in.show, PUBLIC),
    Route("POST", "/sign-in", sign_in.enter, PUBLIC),
    Route("GET", "/language/{code:str}", settings.switch_language, PUBLIC),
    Route("GET", "/", overview.show, "person"),
    Route("GET", "/topup", topup.choose, "customer"),
    Route("POST", "/topup/review", topup.check, "customer"),
    Route("GET", "/topup/review", topup.review, "customer"),
    Route("POST", "/topup/pay", checkout.pay, "customer"),
    Route("GET", "/topup/{order:uuid}", checkout.done, "customer", asks="back"),
    Route("GET", "/payment-methods", methods.show, "customer", asks="always"),
    Route("GET", "/payment-methods/add", methods.add_form, "customer", asks="always"),
    Route("POST", "/payment-methods/add", methods.add, "customer", asks="always"),
    Route("POST", "/payment-methods/default", methods.make_default, "customer", asks="always"),
    Route("GET", "/payment-methods/remove", methods.remove_form, "customer", asks="always"),
    Route("POST", "/payment-methods/remove", methods.remove, "customer", asks="always"),
    Route("POST", "/payment-methods/portal", methods.open_portal, "customer", asks="always"),
    Route("GET", "/auto-topup", auto_topup.show, "customer", asks="always"),
    Route("POST", "/auto-topup", auto_topup.check, "customer", asks="always"),
    Route("GET", "/auto-topup/review", auto_topup.review, "customer", asks="always"),
    Route("POST", "/auto-topup/save", auto_topup.save, "customer", asks="always"),
    Route("POST", "/auto-topup/off", auto_topup.switch_off, "customer"),
    Route("GET", "/transactions", transactions.show, "customer"),
    Route("GET", "/transactions.csv", downloads.transactions_csv, "customer"),
    Route("GET", "/calls", calls.show, "customer"),
    Route("GET", "/calls.csv", downloads.calls_csv, "customer"),
    Route("GET", "/calls/{call:uuid}", calls.explain, "customer"),
    Route("GET", "/settings", settings.show, "person"),
    Route("POST", "/settings/language", settings.set_language, "person"),
    Route("POST", "/settings/appearance", settings.set_appearance, "person"),
    Route("POST", "/settings/password", settings.change_password, "person"),
    Route("GET", "/notifications", notifications.show, "customer"),
    Route("POST", "/notifications", notifications.save, "customer"),
    Route("POST", "/sign-out", sign_in.leave, "person"),
)
"""All of them."""


def portal_router(routes: Sequence[Route] = ROUTES) -> Router:
    """These rooms, to be mounted at the root. Raises Misconfigured for a route with no row in the role matrix."""
    for route in routes:
        if route.permission not in ROLES:
            raise Misconfigured(f"route {route.path} does not say who may use it ({route.permission!r})")
    handlers = [_handler(route) for route in routes]
    return Router("/", route_handlers=handlers, guards=[guard], exception_handlers=dict(HANDLERS))


def _handler(route: Route) -> HTTPRouteHandler:
    async def endpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        if route.asks == "always" or (route.asks and request.query_params.get(route.asks)):
            state = request.scope["state"]
            await limits.enforce(state, (ASKING, str(state["visitor"].person.id)))
        return await route.page(await Visit.arrive(request))

    endpoint.__name__ = "_".join((*route.page.__module__.split(".")[-2:], route.page.__name__))
    methods = [HttpMethod.GET, HttpMethod.HEAD] if route.method == "GET" else [HttpMethod.POST]
    decorate = HTTPRouteHandler(
        route.path,
        http_method=methods,
        request_max_body_size=route.most if route.most is not None else Empty,
        opt={"permission": route.permission},
        include_in_schema=False,
        status_code=200,
        name=endpoint.__name__,
    )
    return decorate(endpoint)
