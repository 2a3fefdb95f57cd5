"""Errors as answers: problem+json for machines (RFC 9457), a page for people. Never a stack trace.

``type`` is ``/api/v2/problems/<code>``, ``title`` the error's sentence in the reader's language, ``detail`` the
caller's own data at most. What is wrong with single fields stands in ``errors``, each with a JSON pointer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

import asyncpg
import msgspec
import structlog
from litestar.exceptions import HTTPException
from msgspec import Struct

from askpro.errors import (
    N_,
    AskProError,
    BadRequest,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Unavailable,
)  # fmt: skip

__all__ = ("PROBLEM_JSON", "FieldProblem", "Problem", "encode", "from_exception", "invalid", "pointer")

log = structlog.get_logger("askpro.web")

PROBLEM_JSON = "application/problem+json"
_TYPES = "/api/v2/problems/"


class FieldProblem(Struct, frozen=True):
    """What is wrong with one part of the request; ``pointer`` is a JSON pointer as a URI fragment (``#/email``)."""

    pointer: str
    detail: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    code: str
    """Stable and machine readable."""
    detail: str = ""
    request_id: str = ""
    """Names this occurrence in our logs."""
    errors: tuple[FieldProblem, ...] = ()


_encoder = msgspec.json.Encoder()
_MEMBER = re.compile(r"Object (?:contains unknown|missing required) field `([^`]+)`")

# what the framework raises by itself
_BY_STATUS: Mapping[int, type[AskProError]] = {
    400: BadRequest, 401: NotAuthenticated, 403: NotAllowed, 404: NotFound, 422: InvalidInput, 429: RateLimited,
    503: Unavailable,
}  # fmt: skip
_TITLES = {
    405: ("method_not_allowed", N_("This is not possible here.")),
    406: ("not_acceptable", N_("The answer is not available in this form.")),
    413: ("too_large", N_("The request is too large.")),
    415: ("unsupported_media_type", N_("The content is in a form that is not read here.")),
}
_AWAY = (
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut in the middle of a message
    asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a database that takes no connections
    ConnectionError, TimeoutError,
)  # fmt: skip


def from_exception(
    error: Exception, gettext: Callable[[str], str], *, request_id: str = ""
) -> tuple[Problem, dict[str, str]]:
    """The problem behind an exception, and the headers it asks for; what nobody expected is logged."""
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException):
        error, status, code, title = _from_framework(error, headers)
    else:
        if not isinstance(error, AskProError):
            error = _unexpected(error)
        status, code, title = error.status, error.code, error.title
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    found = error.extra.get("errors", ()) if isinstance(error, AskProError) else ()
    detail = error.detail
    if isinstance(error, AskProError) and error.field and not found:
        found = (FieldProblem(pointer(error.field), detail or gettext(title)),)
    problem = Problem(f"{_TYPES}{code}", gettext(title), status, code, detail, request_id, tuple(found))
    return problem, headers


def _from_framework(error: HTTPException, headers: dict[str, str]) -> tuple[AskProError, int, str, str]:
    """Litestar's own exceptions; their details may quote internals, so they are not passed on."""
    status = error.status_code
    headers.update({name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"})
    if kind := _BY_STATUS.get(status):
        return kind(), status, kind.code, kind.title
    if status in _TITLES:
        code, title = _TITLES[status]
        return AskProError(), status, code, title
    if status < 500:
        return BadRequest(), status, BadRequest.code, BadRequest.title
    log.error("the framework failed", exc_info=error)
    return AskProError(), 500, AskProError.code, AskProError.title


def _unexpected(error: Exception) -> AskProError:
    if isinstance(error, _AWAY):
        log.error("a part we need is down", error=f"{type(error).__name__}: {error}")
        return Unavailable()
    log.error("unexpected error", exc_info=error)
    return AskProError()


def encode(problem: Problem) -> bytes:
    """As JSON."""
    return _encoder.encode(problem)


def invalid(error: msgspec.ValidationError, what: str = "") -> InvalidInput:
    """A decoder's complaint as InvalidInput with a pointer. ``what``: where it was read, ahead of the pointer."""
    text, _, path = str(error).partition(" - at `")
    place = what + path.rstrip("`").removeprefix("$")
    if member := _MEMBER.match(text):
        place += f".{member[1]}"
    return InvalidInput(text, errors=(FieldProblem(pointer(place), text),))


def pointer(path: str) -> str:
    """``events[3].to_number`` as ``#/events/3/to_number`` (RFC 6901)."""
    parts = re.findall(r"[^.\[\]]+", path)
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
