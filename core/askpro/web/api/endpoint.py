"""What an endpoint of API v2 is: typed query and body in, a typed answer out, everything else declared beside it.

One declaration serves the router, the guard, the limiter, idempotency and the OpenAPI document, so they cannot
disagree. Bodies are decoded strictly by decoders made once; unknown members and parameters are refused.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from askpro.actor import Actor
from askpro.errors import BadRequest, InvalidInput
from askpro.i18n import reader
from askpro.ids import named_id
from askpro.people.keys import ApiKey
from askpro.tenancy.model import Tenant
from askpro.web import idempotency
from askpro.web.answers import JSON, sent
from askpro.web.failures import locale_of
from askpro.web.idempotency import Answer
from askpro.web.limits import Policy
from askpro.web.problems import PROBLEM_JSON, FieldProblem, encode, from_exception, invalid, pointer

__all__ = ("PREFIX", "Call", "Nothing", "Operation", "Reply", "endpoint", "require_json", "unreadable")

Q = TypeVar("Q", bound=Struct)
B = TypeVar("B", bound=Struct)
A = TypeVar("A", bound=Struct)

PREFIX = "/api/v2"
_BODY = 65_536
_ZERO = b"\\u0000"
"""How JSON writes the zero character; a text may also hold these six letters, so it only says where to look twice."""
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_encoder = msgspec.json.Encoder()


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters, or no body."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """A request that has been admitted."""

    tenant: Tenant
    key: ApiKey
    query: Q
    body: B
    path: dict[str, Any]
    request: Request[Any, Any, Any]
    learnt: Any = None
    """What the endpoint's ``before`` has found out."""

    @property
    def actor(self) -> Actor:
        """Who does it: the key, from its address."""
        return Actor("key", str(self.key.id), self.request.scope["state"]["peer"].address)

    def once(self) -> str:
        """The request's ``Idempotency-Key`` as a business key: kept with the money, longer than the stored answer.

        Raises BadRequest when there is none.
        """
        given = idempotency.read_key(self.request.headers.getall("idempotency-key", []), required=True)
        return f"api:{self.key.id}:{named_id(given)}"

    def id(self, name: str) -> UUID:
        """An id from the path."""
        found: UUID = self.path[name]
        return found


@dataclass(frozen=True, slots=True)
class Reply(Generic[A]):
    """An answer with headers of its own."""

    body: A
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document says of an endpoint."""

    summary: str
    description: str
    query: type[Struct]
    body: type[Struct]
    answer: type[Struct]
    status: int
    permission: str
    idempotent: bool
    refusals: tuple[int, ...]


Handler = Callable[[Call[Q, B]], Awaitable[A | Reply[A]]]
Before = Callable[[Call[Q, B]], Awaitable[Any]]


def endpoint(
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    path: str,
    *,
    permission: str,
    answer: type[A],
    query: type[Q],
    body: type[B],
    status: int = 200,
    idempotent: bool = False,
    refusals: tuple[int, ...] = (),
    policy: Policy | None = None,
    largest: int = _BODY,
    before: Before[Q, B] | None = None,
) -> Callable[[Handler[Q, B, A]], HTTPRouteHandler]:
    """Make a route of a handler; its docstring's first line is the summary, the rest the description.

    Args:
        path: below ``/api/v2``.
        idempotent: needs an ``Idempotency-Key``; everything the handler writes and the answer are one unit (D12).
        refusals: statuses beside those every endpoint can give.
        policy: a limit of its own instead of the general ones.
        largest: bytes of the body.
        before: asks what no unit may ask (a plugin, say), ahead of the one that ``idempotent`` opens; what it returns
            is the call's ``learnt``. It raises nothing, so that a command that was done before gets its stored answer
            whatever cannot be asked any more.
    """

    def decorate(handler: Handler[Q, B, A]) -> HTTPRouteHandler:
        summary, _, description = (handler.__doc__ or "").strip().partition("\n")
        operation = Operation(
            summary.strip().rstrip("."), " ".join(description.split()), query, body, answer, status, permission,
            idempotent, refusals,
        )  # fmt: skip
        run = _runner(handler, operation, before)
        run.__name__ = handler.__name__
        made = HTTPRouteHandler(
            path,
            http_method=method,
            status_code=status,
            opt={"permission": permission, "policy": policy, "operation": operation},
            request_max_body_size=largest,
            include_in_schema=False,  # ours is written by askpro.web.openapi, from the same declaration
            name=f"api_{handler.__name__}",
        )
        return made(run)

    return decorate


def _runner(
    handler: Handler[Q, B, A], operation: Operation, before: Before[Q, B] | None
) -> Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]:
    decoder = msgspec.json.Decoder(operation.body)
    bodiless = operation.body is Nothing
    plain = _plain_kinds(operation.query)
    nothing: Any = Nothing()

    async def run(request: Request[Any, Any, Any]) -> Response[bytes]:
        raw = b"" if bodiless else await request.body()
        body = nothing if bodiless else _decoded(request, decoder, raw)
        state = request.scope["state"]
        call: Call[Any, Any] = Call(
            state["tenant"], state["key"], _query(request, operation.query, plain), body, request.path_params, request
        )

        if before is not None:
            call = replace(call, learnt=await before(call))

        async def work() -> Answer:
            done = await handler(call)
            reply = done if isinstance(done, Reply) else Reply(done)
            return Answer(operation.status, _encoder.encode(reply.body), reply.headers)

        if operation.idempotent:
            return _response(await _once(request, call, raw, work))
        return _response(await work())

    return run


async def _once(
    request: Request[Any, Any, Any], call: Call[Any, Any], raw: bytes, work: Callable[[], Awaitable[Answer]]
) -> Answer:
    key = idempotency.read_key(request.headers.getall("idempotency-key", []), required=True)
    if key is None:  # read_key has refused it
        raise AssertionError("unreachable")

    def refusal(error: Any) -> Answer:
        speaks = reader(locale_of(request.scope), call.tenant.timezone)
        problem, headers = from_exception(error, speaks.gettext, request_id=request.scope["state"]["request_id"])
        return Answer(problem.status, encode(problem), {**headers, "Content-Type": PROBLEM_JSON})

    route = f"{request.method} {request.url.path}"
    return await idempotency.once(call.tenant.id, str(call.key.actor), route, key, raw, work, refusal)


def _response(answer: Answer) -> Response[bytes]:
    headers = dict(answer.headers)
    kind = headers.pop("Content-Type", JSON)
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return sent(answer.body, kind, status=answer.status, headers=headers)


def require_json(request: Request[Any, Any, Any]) -> None:
    """Raises HTTPException 415 for a body in another form: what we hash and store must be what we read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(status_code=415)


def unreadable() -> BadRequest:
    """For a body that is no JSON at all."""
    return BadRequest("the body is not JSON", code="json_unreadable")


def _decoded(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[B], raw: bytes) -> B:
    require_json(request)
    try:
        decoded = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable() from error
    if _ZERO in raw:
        for place in _zeros(msgspec.json.decode(raw)):
            raise _no_zero(place)
    return decoded


def _zeros(found: Any, place: str = "") -> Iterator[str]:
    """Where in a decoded body a text holds the character that PostgreSQL cannot keep."""
    if isinstance(found, str):
        if "\0" in found:
            yield place
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from _zeros(name, place)
            yield from _zeros(value, f"{place}.{name}")
    elif isinstance(found, list):
        for position, value in enumerate(found):
            yield from _zeros(value, f"{place}[{position}]")


def _no_zero(place: str) -> InvalidInput:
    said = "the character U+0000 is not allowed in a text"
    return InvalidInput(said, errors=(FieldProblem(pointer(place), said),))


def _query(request: Request[Any, Any, Any], kind: type[Q], plain: Mapping[str, type]) -> Q:
    """The query string as a struct. Raises InvalidInput for unknown, doubled or wrong parameters."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise InvalidInput("this parameter came twice", errors=(FieldProblem(f"#/{name}", "came twice"),))
        if "\0" in value:
            raise _no_zero(name)
        found[name] = _plain(str(value), plain.get(name, str))
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise invalid(error) from error


def _plain(text: str, kind: type) -> Any:
    """A number or truth value as such. msgspec's lax mode would also read ``0.5`` as an instant."""
    if kind is bool:
        return {"true": True, "false": False}.get(text, text)
    if kind is int and _NUMBER.fullmatch(text):
        return int(text)
    return text


def _plain_kinds(kind: type[Struct]) -> dict[str, type]:
    """The query parameters that are numbers or truth values."""
    found: dict[str, type] = {}
    for field_ in msgspec.structs.fields(kind):
        shape = msgspec.inspect.type_info(field_.type)
        if isinstance(shape, msgspec.inspect.Metadata):
            shape = shape.type
        for one in shape.types if isinstance(shape, msgspec.inspect.UnionType) else (shape,):
            if isinstance(one, msgspec.inspect.IntType):
                found[field_.encode_name] = int
            elif isinstance(one, msgspec.inspect.BoolType):
                found[field_.encode_name] = bool
    return found
