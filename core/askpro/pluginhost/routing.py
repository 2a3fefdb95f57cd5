"""Plugins' pages as Litestar routers, ``/x/<plugin>/…``: each tried out alone before the application sees it.

One bad path or a name used twice would stop the whole application from being built, so every plugin's router
goes into a throw-away ``Litestar`` first; what fails there is a quarantined plugin.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.types import Empty

from askpro.pluginhost.records import PluginRecord, Quarantined
from askpro.sdk.routes import LARGEST_BODY, LONGEST_WAIT, Guard, PageRequest, Reply, RouteSpec, UploadedFile

__all__ = ("Dispatch", "Guards", "build_router", "page_request")

Guards = Mapping[Guard, Sequence[Any]]
"""What Litestar guards stand behind each of ours. A guard that is missing keeps its routes out."""

Dispatch = Callable[[str, RouteSpec, Request[Any, Any, Any]], Awaitable[Reply]]

_PATH = re.compile(r"(/([a-z0-9][a-z0-9._-]*|\{[a-z_]+:(str|int|uuid)\}))+")
_HEADERS = frozenset(("location", "content-disposition", "cache-control", "content-language", "retry-after"))
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def build_router(record: PluginRecord, guards: Guards, dispatch: Dispatch) -> Router:
    """The plugin's router. Raises Quarantined."""
    names: set[str] = set()
    places: set[tuple[str, str]] = set()
    handlers = []
    for spec in record.given.routes:
        if not _PATH.fullmatch(spec.path):
            raise Quarantined(f"route {spec.path!r} is not a plain path below /x/{record.id}")
        if spec.method not in ("GET", "POST"):
            raise Quarantined(f"route {spec.path!r}: {spec.method!r} is neither GET nor POST")
        if not isinstance(spec.guard, Guard) or spec.guard not in guards:
            raise Quarantined(f"route {spec.path!r}: nobody guards {spec.guard!r} here")
        if spec.menu and (spec.method != "GET" or "{" in spec.path):
            raise Quarantined(f"route {spec.path!r} cannot stand in a menu: nobody fills in what it needs")
        if spec.largest is not None and not 0 < spec.largest <= LARGEST_BODY:
            raise Quarantined(f"route {spec.path!r} takes {spec.largest} bytes; {LARGEST_BODY} are the most")
        if spec.deadline is not None and not 0 < spec.deadline <= LONGEST_WAIT:
            raise Quarantined(f"route {spec.path!r} takes {spec.deadline:g} s; {LONGEST_WAIT:g} are the most")
        place = (spec.method, re.sub(r"\{[^}]*\}", "{}", spec.path))
        if place in places:  # the framework would silently prefer one of them
            raise Quarantined(f"route {spec.method} {spec.path!r} is there twice")
        places.add(place)
        name = spec.name or getattr(spec.handler, "__name__", "")
        if not name.isidentifier() or name in names:
            raise Quarantined(f"route {spec.path!r} has no name of its own")
        names.add(name)
        handlers.append(_handler(record.id, name, spec, guards, dispatch))
    try:
        return _dry_run(record.id, handlers)
    except Exception as error:  # whatever the framework says, it says it about this plugin
        raise Quarantined(f"its routes: {type(error).__name__}: {error}") from error


def _handler(plugin: str, name: str, spec: RouteSpec, guards: Guards, dispatch: Dispatch) -> HTTPRouteHandler:
    async def endpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        reply = await dispatch(plugin, spec, request)
        # RFC 9111: what a signed-in person sees is nobody else's
        passed = {name: value for name, value in reply.headers.items() if name.lower() in _HEADERS}
        headers = {"Cache-Control": "no-store", **passed}
        kind = reply.content_type
        if kind.startswith("text/") and "charset=" not in kind.lower():
            kind += "; charset=utf-8"
        # as a header it is final; as a media type the framework would append a charset to it
        return Response(reply.body, status_code=reply.status, headers={**headers, "content-type": kind})

    endpoint.__name__ = f"{plugin}_{name}"
    decorate = HTTPRouteHandler(
        spec.path,
        http_method=spec.method,
        guards=list(guards[spec.guard]),
        request_max_body_size=Empty if spec.largest is None else spec.largest,
        operation_id=f"x_{plugin}_{name}",
        include_in_schema=False,
        status_code=200,
        name=f"x_{plugin}_{name}",
    )
    return decorate(endpoint)


def _dry_run(plugin: str, handlers: Sequence[HTTPRouteHandler]) -> Router:
    def router() -> Router:
        return Router(path=f"/x/{plugin}", route_handlers=list(handlers), opt={"plugin": plugin})

    Litestar(route_handlers=[router()], openapi_config=None)
    return router()


async def page_request(request: Request[Any, Any, Any]) -> PageRequest:
    """The request in the plugin's own terms."""
    form: dict[str, str] = {}
    files: dict[str, UploadedFile] = {}
    body = b""
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _FORMS:
            sent = await request.form()
            form = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
            for name, value in sent.multi_items():
                if isinstance(value, UploadFile) and value.filename:
                    files[name] = UploadedFile(value.filename, value.content_type, await value.read())
        else:
            body = await request.body()
    return PageRequest(
        method=request.method,
        path={name: str(value) for name, value in request.path_params.items()},
        query={name: str(value) for name, value in request.query_params.multi_items()},
        form=form,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        files=files,
    )
