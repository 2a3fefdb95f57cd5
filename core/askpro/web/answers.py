"""Answers whose bytes are there already. Litestar would append a charset to text types; here the type is final."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response

__all__ = ("HTML", "JSON", "sent")

JSON = "application/json"
HTML = "text/html; charset=utf-8"


def sent(
    body: bytes, kind: str = JSON, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """``body`` as it is, as exactly this content type."""
    return Response(body, status_code=status, headers={**(headers or {}), "content-type": kind})
