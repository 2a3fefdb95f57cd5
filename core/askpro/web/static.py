"""Files under names that contain their content, kept by browsers for a year; each tenant's style sheet and logo.

Everything is read once and held in memory, compressed where that pays. Nothing is served that was not named by
``Assets``, so no path leads outside.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Request, Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from askpro.errors import NotFound
from askpro.web.answers import sent
from askpro.web.failures import header
from askpro.web.looks import Looks
from askpro.web.theme.assets import Assets
from askpro.web.theme.environment import BASE

__all__ = ("Files", "static_handlers")

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TEXTS = ("text/", "image/svg", "application/javascript", "application/json")
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_WORTH_IT = 512
_ANYBODY = {"permission": "public"}


class Files:
    """The static files of themes and plugins: public name → content."""

    def __init__(self, looks: Looks, plugins: Mapping[str, Path]) -> None:
        self._looks = looks
        self._plugins = {name: Assets([folder], f"/static/{name}/") for name, folder in plugins.items()}
        self._read: dict[str, tuple[str, bytes, bytes | None]] = {}

    def find(self, public: str) -> tuple[str, bytes, bytes | None]:
        """Type, content, content gzipped (None where that is no gain). Raises NotFound."""
        found = self._read.get(public)
        if found is None:
            file = self._file(public)
            if file is None:
                raise NotFound
            found = self._read[public] = _prepared(_type(file), file.read_bytes())
        return found

    def _file(self, public: str) -> Path | None:
        if file := self._looks.themes[BASE].assets.file(public):
            return file
        owner, _, rest = public.partition("/")
        if owner in self._plugins:
            return self._plugins[owner].file(rest)
        try:
            return self._looks.themes[owner].assets.file(rest) if rest else None
        except FileNotFoundError:
            return None


def _type(file: Path) -> str:
    return _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _prepared(kind: str, content: bytes) -> tuple[str, bytes, bytes | None]:
    if len(content) < _WORTH_IT or not kind.startswith(_TEXTS):
        return kind, content, None
    return kind, content, gzip.compress(content, 6, mtime=0)


def _reply(request: Request[Any, Any, Any], found: tuple[str, bytes, bytes | None]) -> Response[bytes]:
    kind, content, packed = found
    headers = dict(_FOR_EVER)
    if packed is not None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in header(request.scope, b"accept-encoding"):
            content, headers["Content-Encoding"] = packed, "gzip"
    return sent(content, kind, headers=headers)


def static_handlers(files: Files, looks: Looks) -> list[HTTPRouteHandler]:
    """``/static/…``, ``/theme/…``, and what browsers ask for uncalled."""

    async def static(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _reply(request, files.find(str(request.path_params["name"]).lstrip("/")))

    async def theme(request: Request[Any, Any, Any]) -> Response[bytes]:
        found = looks.of(request.scope["state"]["tenant"]).files.get(f"/theme/{request.path_params['name']}")
        if found is None:
            raise NotFound
        return _reply(request, _prepared(*found))

    async def robots(request: Request[Any, Any, Any]) -> Response[bytes]:
        # a portal has nothing to be found by strangers
        return sent(b"User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8")

    async def favicon(request: Request[Any, Any, Any]) -> Response[bytes]:
        # pages name their icon; whoever asks here gets a short answer instead of an error page
        return Response(b"", status_code=204, headers={"Cache-Control": "public, max-age=86400"})

    return [
        _handler("/static/{name:path}", static),
        _handler("/theme/{name:str}", theme),
        _handler("/robots.txt", robots),
        _handler("/favicon.ico", favicon),
    ]


def _handler(path: str, function: Any) -> HTTPRouteHandler:
    decorate = HTTPRouteHandler(
        path, http_method=[HttpMethod.GET, HttpMethod.HEAD], opt=_ANYBODY, include_in_schema=False, status_code=200
    )
    return decorate(function)
