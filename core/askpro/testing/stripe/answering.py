"""From a request to its answer: who asks, in which version, with which key, and then the operation itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from askpro.testing.stripe import api
from askpro.testing.stripe.acts.timers import run_due
from askpro.testing.stripe.chaos import Chaos, LostAnswerError, LostRequestError, Mishap
from askpro.testing.stripe.doors import admitted, version_of
from askpro.testing.stripe.state.keys import KeyRing
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.expand import expanded
from askpro.testing.stripe.wire.faults import Fault, invalid
from askpro.testing.stripe.wire.forms import decode
from askpro.testing.stripe.wire.params import Params, unknown
from askpro.testing.stripe.wire.routes import Call, Route, find

__all__ = ("Answer", "Desk", "Request")

_OPERATIONS = api.__all__  # importing the package has registered the routes
_BROKEN = Fault(500, "api_error", "An unknown error occurred.")


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names in small letters."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes
    headers: dict[str, str]


class Desk:
    """Where requests are answered, one after the other but for those a test holds up."""

    def __init__(self, world: World, chaos: Chaos) -> None:
        self.world, self.chaos, self.keys = world, chaos, KeyRing()
        self.log: list[tuple[str, str, int]] = []
        """Method, path and status of every request that was answered, or would have been."""
        self._held: dict[str, anyio.Event] = {}

    @asynccontextmanager
    async def held(self, path: str) -> AsyncIterator[None]:
        """Requests whose path begins so are begun, and not answered before the block is left."""
        gate = self._held[path] = anyio.Event()
        try:
            yield
        finally:
            del self._held[path]
            gate.set()

    async def answer(self, request: Request) -> Answer:
        """Answer a request. Raises LostRequestError, LostAnswerError when chaos takes it."""
        run_due(self.world)
        mishap = self.chaos.befalls(request.method, request.path)
        if mishap == "unsent":
            raise LostRequestError(f"{request.method} {request.path} did not arrive")
        answer = await self._answered(request, mishap)
        self.log.append((request.method, request.path, answer.status))
        if mishap == "unanswered":
            raise LostAnswerError(
                f"{request.method} {request.path} was answered with {answer.status}, and nobody heard"
            )
        return answer

    async def _answered(self, request: Request, mishap: Mishap | None) -> Answer:
        identifier = self.world.ids.new("req", 14)
        headers = {"content-type": "application/json", "request-id": identifier}
        try:
            if mishap == "limited":
                message = "Request rate limit exceeded. Learn more about rate limits here"
                raise Fault(429, "invalid_request_error", message, executed=False, code="rate_limit")
            book, acting = admitted(self.world, request.headers, request.path)
            headers["stripe-version"] = version_of(request.headers)
            if acting:
                headers["stripe-account"] = book.account
            route, path = find(request.method, request.path)
            params = decode(request.query if request.method == "GET" else request.body)
            call = Call(self.world, book, Params(params), path, acting)
            return await self._with_key(request, route, call, headers, mishap)
        except Fault as fault:
            if fault.status == 401:
                headers["www-authenticate"] = 'Bearer realm="Stripe"'
            return Answer(fault.status, _json(fault.body()), headers)

    async def _with_key(
        self, request: Request, route: Route, call: Call, headers: dict[str, str], mishap: Mishap | None
    ) -> Answer:
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if not key:
            return Answer(*await self._execute(route, call, request, headers["request-id"], None, mishap), headers)
        headers["idempotency-key"] = key
        book, own = call.book, headers["request-id"]
        owner = (book.account, book.livemode, key)
        kept = self.keys.begin(*owner, f"{request.method} {request.path}", dict(call.params.values), own, book.now)
        if kept.body is not None:
            headers |= {"original-request": kept.request, "idempotent-replayed": "true"}
            return Answer(kept.status, kept.body, headers)
        try:
            status, body = await self._execute(route, call, request, own, key, mishap)
        except BaseException:
            self.keys.forget(*owner)
            raise
        headers["original-request"] = own
        self.keys.finish(*owner, status, body)
        return Answer(status, body, headers)

    async def _execute(
        self, route: Route, call: Call, request: Request, identifier: str, key: str | None, mishap: Mishap | None
    ) -> tuple[int, bytes]:
        """Status and body. Raises Fault when nothing was begun."""
        for path, gate in list(self._held.items()):
            if request.path.startswith(path):
                await gate.wait()
        if mishap == "broken":
            return _BROKEN.status, _json(_BROKEN.body())
        if (name := unknown(call.params.values, route.accepts)) is not None:
            raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")
        before = len(call.book.objects)
        self.world.request = {"id": identifier, "idempotency_key": key}
        try:
            thing = route.handler(call)
            body = expanded(thing, call.params.strings("expand") or [], call.book)
        except Fault as fault:
            if not fault.executed:
                call.book.undo(before)
                raise
            status, body = fault.status, fault.body()
        else:
            status = 200
        finally:
            self.world.request = None
        if mishap == "crashed":
            return _BROKEN.status, _json(_BROKEN.body())
        return status, _json(body)


def _json(thing: Any) -> bytes:
    return json.dumps(thing, indent=2).encode()
