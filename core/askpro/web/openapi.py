"""The OpenAPI 3.1 document of API v2, written from the endpoints' own declarations, and Swagger UI to read it.

Swagger UI is served from here, with its start script, under a policy that lets nothing be fetched from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from askpro.errors import AskProError, NotFound
from askpro.web.answers import HTML, sent
from askpro.web.api import HANDLERS
from askpro.web.api.endpoint import PREFIX, Nothing, Operation
from askpro.web.idempotency import KEPT
from askpro.web.problems import PROBLEM_JSON, Problem

__all__ = ("document", "handlers")

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
_TITLES = {
    400: "The request could not be read.",
    401: "No key, or not a good one.",
    402: "The money is not there, or the wallet is locked.",
    403: "The key lacks the scope.",
    404: "There is no such thing, or it is not yours.",
    409: "The state of the thing does not allow it, or a first request with this key is still running.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in it cannot be accepted; `errors` says what.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    503: "A part that is needed is down; try again.",
}
_HOURS = int(KEPT.total_seconds() // 3600)
_ABOUT = f"""
Machine access for one reseller: the host of the request says which.

**Keys** are sent as `Authorization: Bearer …`. **Money** is `{{"amount": "12.340000", "currency": "EUR"}}`: the exact
amount as a text with six decimals. **Errors** are `application/problem+json` (RFC 9457); `code` is stable. **Lists**
are paged by `cursor`; the `Link` header leads to the next page. **Limits**: `RateLimit-Policy` and `RateLimit` say
how many requests are left. **Idempotency**: routes that take an `Idempotency-Key` answer a repeat with the first answer
and `Idempotent-Replayed: true`; keys are kept for {_HOURS} hours.
""".strip()


@lru_cache(maxsize=1)
def document() -> bytes:
    """The document as JSON. The same for every reseller: it names no server but the one that was asked."""
    operations = [(handler, handler.opt["operation"]) for handler in HANDLERS]
    components = _components(operation for _, operation in operations)
    paths: dict[str, Any] = {}
    for handler, operation in operations:
        path = sorted(handler.paths)[0]
        shown = PREFIX + _PARAMETER.sub(r"{\1}", path)
        method = next(iter(handler.http_methods)).lower()
        paths.setdefault(shown, {})[method] = _operation(handler, operation, path, components)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "info": {"title": "API", "version": "2", "description": _ABOUT},
            "servers": [{"url": "/"}],
            "security": [{"key": []}],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        },
        order="deterministic",
    )


def _components(operations: Iterable[Operation]) -> dict[str, Any]:
    types = {kind for one in operations for kind in (one.query, one.body, one.answer)} - {Nothing}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    _, found = msgspec.json.schema_components([*ordered, Problem], ref_template="#/components/schemas/{name}")
    return found


def _operation(
    handler: HTTPRouteHandler, operation: Operation, path: str, components: dict[str, Any]
) -> dict[str, Any]:
    refused = {401, 403, 429, 503, *operation.refusals}
    said: dict[str, Any] = {
        "operationId": handler.fn.__name__,
        "summary": operation.summary,
        "description": f"{operation.description}\n\nScope: `{operation.permission}`.".strip(),
        "tags": [path.split("/")[-1] if path.endswith(("balance", "transactions")) else path.split("/")[1]],
        "parameters": [*_path_parameters(path), *_query_parameters(operation, components)],
    }
    if operation.query is not Nothing:
        refused.add(422)
    if operation.idempotent:
        refused |= {400, 409, 422}
        said["parameters"].append(_IDEMPOTENCY_KEY)
    if operation.body is not Nothing:
        refused |= {400, 413, 415, 422}
        schema = {"$ref": f"#/components/schemas/{operation.body.__name__}"}
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answer = {"$ref": f"#/components/schemas/{operation.answer.__name__}"}
    said["responses"] = {
        str(operation.status): {
            "description": "Done.", "headers": _headers(operation), "content": {"application/json": {"schema": answer}},
        },
        **{str(status): _refusal(status) for status in sorted(refused)},
    }  # fmt: skip
    return said


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": f"A name of your own for this request, quoted or bare, kept for {_HOURS} hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": '^"?[A-Za-z0-9_.:-]{1,250}"?$'},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}
_LIMITS = ("RateLimit-Policy", "RateLimit")


def _headers(operation: Operation) -> dict[str, Any]:
    names = [*_LIMITS]
    if operation.idempotent:
        names.append("Idempotent-Replayed")
    if "next" in operation.answer.__struct_fields__:
        names.append("Link")
    if operation.status == 201:
        names.append("Location")
    return {name: {"schema": {"type": "string"}} for name in names}


def _refusal(status: int) -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[str, Any] = {"description": _TITLES[status], "content": content}
    if status in (429, 503):
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return found


_PLAIN = {"number": {"type": "string", "pattern": r"^\+[1-9][0-9]{2,14}$", "example": "+4930123456"}}
"""Parameters of a path that are no ids."""


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PLAIN.get(name, {"type": "string", "format": kind})}
        for name, kind in _PARAMETER.findall(path)
    ]


def _query_parameters(operation: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if operation.query is Nothing:
        return []
    described = components[operation.query.__name__]
    found = []
    for name, schema in described["properties"].items():
        plain = {key: value for key, value in schema.items() if key not in ("default", "description")}
        if "anyOf" in plain:  # left out is how a parameter says null
            kinds = [kind for kind in plain["anyOf"] if kind != {"type": "null"}]
            plain = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        if schema.get("default") not in (None, ""):
            plain["default"] = schema["default"]
        parameter = {"name": name, "in": "query", "required": False, "schema": plain}
        if "description" in schema:
            parameter["description"] = schema["description"]
        found.append(parameter)
    return found


# the pages around it

_ANYBODY = {"permission": "public"}
_UI = "vendor/swagger-ui/"
_START = b"""
window.ui = SwaggerUIBundle({
  url: document.getElementById("swagger").dataset.url,
  dom_id: "#swagger",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
""".lstrip()


@get(f"{PREFIX}/openapi.json", opt=_ANYBODY, include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The document."""
    return sent(document(), "application/vnd.oai.openapi+json;version=3.1")


@get(f"{PREFIX}/docs", opt=_ANYBODY, include_in_schema=False, sync_to_thread=False)
def docs(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Swagger UI."""
    url = request.app.state.looks.of(None).theme.assets.url
    page = f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>API v2</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="{url(_UI + "swagger-ui.css")}">
</head>
<body>
<div id="swagger" data-url="{PREFIX}/openapi.json"></div>
<script src="{url(_UI + "swagger-ui-bundle.js")}"></script>
<script src="{PREFIX}/docs/start.js"></script>
</body>
</html>
"""
    return sent(page.encode(), HTML)


@get(f"{PREFIX}/docs/start.js", opt=_ANYBODY, include_in_schema=False, sync_to_thread=False)
def docs_start(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What starts Swagger UI: a file, because inline scripts are forbidden."""
    return sent(_START, "text/javascript; charset=utf-8")


@get(f"{PREFIX}/problems/{{code:str}}", opt=_ANYBODY, include_in_schema=False, sync_to_thread=False)
def problem_type(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What a problem's ``type`` leads to: the status and sentence that go with a code of the error tree."""
    code = request.path_params["code"]
    found = next((kind for kind in _tree(AskProError) if kind.code == code), None)
    if found is None:
        raise NotFound
    said = {"code": found.code, "status": found.status, "title": found.title}
    return sent(msgspec.json.encode(said))


def _tree(kind: type[AskProError]) -> Iterable[type[AskProError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def handlers() -> list[HTTPRouteHandler]:
    """The document and the pages around it."""
    return [openapi_json, docs, docs_start, problem_type]
