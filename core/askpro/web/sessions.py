"""Who looks at the portal: the cookie, the session behind it, and the person and customer behind that.

Over https the cookie is ``__Host-askpro``: no domain, so no neighbour under the same parent can plant or read one. An
id we do not know is nobody, and signing in always makes a new one (traps L1, L2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec
import structlog
from litestar.datastructures import Cookie
from msgspec import Struct

from askpro import clock, db
from askpro.people import sessions
from askpro.people.model import Customer, Person
from askpro.tenancy.model import Tenant
from askpro.web import csrf
from askpro.web.proxies import Peer

__all__ = ("LANGUAGE", "SCHEME", "Visitor", "kept_cookie", "role_of", "session_cookie", "visit_cookie", "visitor_of")

log = structlog.get_logger("askpro.web")

LANGUAGE, SCHEME = "askpro-language", "askpro-scheme"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Visitor:
    """``person`` None: nobody has signed in. ``token`` is the session's, ``binding`` what CSRF tokens are made for."""

    token: str
    person: Person | None
    customer: Customer | None
    """None for staff, and for a customer who has no wallet."""
    binding: str
    language: str
    """What the browser was told to remember, unchecked."""
    scheme: str

    @property
    def role(self) -> str:
        """``customer``, ``staff``, ``operator``, or empty."""
        return role_of(self.person) if self.person is not None else ""


def role_of(person: Person) -> str:
    """``customer``, ``staff`` or ``operator``: the person's row of the role matrix."""
    return "staff" if person.role == "reseller" else person.role


async def visitor_of(tenant: Tenant, peer: Peer, cookies: Mapping[str, str]) -> Visitor:
    """One round trip for somebody with a cookie, none for anybody else."""
    token = cookies.get(_name("askpro", peer), "")
    language, scheme = cookies.get(LANGUAGE, ""), cookies.get(SCHEME, "")
    known = await _known(tenant, token)
    if known is None:
        binding = csrf.visit_of(cookies.get(_name("askpro-visit", peer), ""), tenant.id)
        return Visitor("", None, None, binding, language, scheme)
    return Visitor(token, known.person, known.customer, f"session:{token}", language, scheme)


class _Known(Struct, frozen=True):
    person: Person
    customer: Customer | None


async def _known(tenant: Tenant, token: str) -> _Known | None:
    """Whose living session this is. The rules are those of ``people.sessions``."""
    if not token or len(token) > 128:
        return None
    now = clock.now()
    row = await db.call_row(
        "select web.visitor($1, $2, $3, $4) as found", tenant.id, sha256(token.encode()).digest(), now,
        now - sessions.IDLE,
    )  # fmt: skip
    found = row["found"]
    if found is None:
        return None
    if found["customer"] is not None and found["customer"]["wallet_id"] is None:
        log.error("a customer without a wallet", tenant=str(tenant.id), customer=found["customer"]["id"])
        found = {**found, "customer": None}  # the person may come in; pages about money say what is the matter
    return msgspec.convert(found, _Known, strict=False)


def session_cookie(peer: Peer, token: str) -> Cookie:
    """Ends with the browser; an empty token removes it."""
    return _cookie(_name("askpro", peer), token, peer, max_age=None if token else 0)


def visit_cookie(peer: Peer, value: str) -> Cookie:
    """See ``csrf.new_visit``; empty removes it."""
    return _cookie(_name("askpro-visit", peer), value, peer, max_age=None if value else 0)


def kept_cookie(peer: Peer, name: str, value: str) -> Cookie:
    """A preference, kept for a year; empty removes it. It opens nothing, so its name needs no prefix."""
    return _cookie(name, value, peer, max_age=_YEAR if value else 0)


def _name(name: str, peer: Peer) -> str:
    return f"__Host-{name}" if peer.https else name


def _cookie(name: str, value: str, peer: Peer, *, max_age: int | None) -> Cookie:
    return Cookie(key=name, value=value, path="/", max_age=max_age, httponly=True, secure=peer.https, samesite="lax")
