"""Which function answers which request, and which parameters it knows.

A parameter that is not declared is refused, so a request the stand-in would answer as if the parameter were not
there cannot pass unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.params import Params

if TYPE_CHECKING:
    from askpro.testing.stripe.state.book import Book
    from askpro.testing.stripe.state.world import World

__all__ = ("ROUTES", "Call", "Obj", "Route", "find", "route")

Obj = dict[str, Any]
"""One of Stripe's objects, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is known to be allowed: whose book, which parameters, which parts of the path."""

    world: World
    book: Book
    params: Params
    path: Mapping[str, str] = field(default_factory=dict)
    acting: str = ""
    """The platform that acts for the book's account (header Stripe-Account), else the account itself."""

    @property
    def id(self) -> str:
        """The object the path names."""
        return self.path["id"]


Handler = Callable[[Call], Obj]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation."""

    method: str
    path: str
    accepts: frozenset[str]
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []
"""All operations, in the order in which they are tried."""


def route(method: str, path: str, accepts: str = "") -> Callable[[Handler], Handler]:
    """Register a handler. ``accepts`` lists parameters, as ``amount metadata.* items[].name``."""

    def register(handler: Handler) -> Handler:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        ROUTES.append(Route(method, path, frozenset(accepts.split()) | {"expand[]"}, handler, pattern))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The operation for a request. Raises Fault 404."""
    for one in ROUTES:
        if one.method == method and (match := one.pattern.fullmatch(path)):
            return one, match.groupdict()
    raise Fault(
        404,
        "invalid_request_error",
        f"Unrecognized request URL ({method}: {path}). The stand-in has no such operation.",
        executed=False,
    )
