"""Pages by cursor: opaque, signed, and good only for the list they were made for.

A cursor holds the position of the last row seen. Its signature covers the tenant, the route and the filters, so
it neither opens another tenant's list nor changes the meaning of a filter.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from askpro import secrets
from askpro.errors import InvalidInput

__all__ = ("DEFAULT_LIMIT", "MAX_LIMIT", "decode_cursor", "encode_cursor", "page_link", "scope_of")

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
_PURPOSE = "cursor"
_SIGNATURE = 32


def scope_of(*parts: object) -> bytes:
    """What a cursor belongs to: tenant, route, filters."""
    return "\x1f".join("" if part is None else str(part) for part in parts).encode()


def encode_cursor(position: Iterable[Any], scope: bytes) -> str:
    """The cursor that goes on after ``position``."""
    payload = msgspec.msgpack.encode(tuple(position))
    signature = secrets.sign(scope + b"\x00" + payload, purpose=_PURPOSE)
    return base64.urlsafe_b64encode(signature + payload).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[T], scope: bytes) -> T:
    """The position in a cursor. Raises InvalidInput (``cursor_invalid``) for one that was not made for this list."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if secrets.verify(scope + b"\x00" + payload, signature, purpose=_PURPOSE):
            return msgspec.msgpack.decode(payload, type=kind)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError, ValueError):
        pass
    raise InvalidInput("this cursor does not belong to this list", code="cursor_invalid", field="cursor")


def page_link(path: str, following: str | None, kept: Mapping[str, Any]) -> dict[str, str]:
    """The ``Link`` header (RFC 8288) to the next page with the same filters, relative to the host that was asked.

    ``following`` is the next page's cursor; None: this is the last page and there is no header.
    """
    if following is None:
        return {}
    given = {name: value for name, value in kept.items() if value not in (None, "")}
    return {"Link": f'<{path}?{urlencode({**given, "cursor": following})}>; rel="next"'}
