"""A form that posts comes from a page of ours, shown to this very session (traps L3, L4).

The token is an HMAC over tenant and session, with a random part so that it looks different on every page. Before
sign-in the session's place is taken by a cookie of its own, signed for the tenant. Keys may rotate: every key of the
ring still proves what it has signed. Beside the token the browser's own word counts: ``Sec-Fetch-Site``, ``Origin``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from os import urandom
from typing import Any
from uuid import UUID

from askpro import secrets
from askpro.errors import N_, NotAllowed
from askpro.web.failures import header

__all__ = ("FIELD", "CsrfRefused", "check_origin", "check_token", "new_visit", "token_for", "visit_of")

FIELD = "_csrf"
_PURPOSE, _VISIT = "csrf", "visit"
_NONCE = 12


class CsrfRefused(NotAllowed):
    """The request does not come from a page of ours."""

    code = "csrf_refused"
    title = N_("This page was open for too long. Please go back, reload it and try again.")


def token_for(tenant: UUID, binding: str) -> str:
    """A token for forms shown to the session (or visit) ``binding``."""
    nonce = urandom(_NONCE)
    return _text(nonce + secrets.sign(_message(tenant, binding, nonce), purpose=_PURPOSE))


def check_token(token: str, tenant: UUID, binding: str) -> None:
    """Raises CsrfRefused for any token that was not made for this tenant and session."""
    raw = _bytes(token)
    nonce, signature = raw[:_NONCE], raw[_NONCE:]
    if not binding or not secrets.verify(_message(tenant, binding, nonce), signature, purpose=_PURPOSE):
        raise CsrfRefused


def check_origin(scope: Mapping[str, Any]) -> None:
    """Raises CsrfRefused when the browser says that another site sent this request."""
    site = header(scope, b"sec-fetch-site")
    if site and site not in ("same-origin", "none"):
        raise CsrfRefused(f"sent from {site}")
    origin = header(scope, b"origin")
    peer = scope["state"]["peer"]
    if origin and origin.lower() != f"{'https' if peer.https else 'http'}://{peer.host}".lower():
        raise CsrfRefused("sent from another origin")


def new_visit(tenant: UUID) -> str:
    """The value of the cookie that stands for a session while there is none."""
    nonce = urandom(_NONCE)
    return _text(nonce + secrets.sign(tenant.bytes + nonce, purpose=_VISIT))


def visit_of(cookie: str, tenant: UUID) -> str:
    """The binding of such a cookie; empty for one that was not made here for this tenant."""
    raw = _bytes(cookie)
    nonce, signature = raw[:_NONCE], raw[_NONCE:]
    return f"visit:{cookie}" if secrets.verify(tenant.bytes + nonce, signature, purpose=_VISIT) else ""


def _message(tenant: UUID, binding: str, nonce: bytes) -> bytes:
    return b"\x1f".join((tenant.bytes, binding.encode(), nonce))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What a text of ours stood for; no bytes for anything else."""
    if len(text) > 200:
        return b""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return b""
