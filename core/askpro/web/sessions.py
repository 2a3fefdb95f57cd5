"""Who looks at the portal: the cookie, the session behind it, and the person and customer behind that.

Over https the cookie is ``__Host-askpro``: no domain, so no neighbour under the same parent can plant or read one. An
id we do not know is nobody, and signing in always makes a new one (traps L1, L2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litestar.datastructures import Cookie

from askpro.errors import NotFound
from askpro.people import queries, sessions
from askpro.people.model import Customer, Person
from askpro.tenancy.model import Tenant
from askpro.web import csrf
from askpro.web.proxies import Peer

__all__ = ("LANGUAGE", "SCHEME", "Visitor", "kept_cookie", "session_cookie", "visit_cookie", "visitor_of")

LANGUAGE, SCHEME = "askpro-language", "askpro-scheme"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Visitor:
    """``person`` None: nobody has signed in. ``token`` is the session's, ``binding`` what CSRF tokens are made for."""

    token: str
    person: Person | None
    customer: Customer | None
    binding: str
    language: str
    """What the browser was told to remember, unchecked."""
    scheme: str

    @property
    def role(self) -> str:
        """``customer``, ``staff``, ``operator``, or empty."""
        if self.person is None:
            return ""
        return "staff" if self.person.role == "reseller" else self.person.role


async def visitor_of(tenant: Tenant, peer: Peer, cookies: Mapping[str, str]) -> Visitor:
    """Two queries for somebody with a cookie, none for anybody else."""
    token = cookies.get(_name("askpro", peer), "")
    language, scheme = cookies.get(LANGUAGE, ""), cookies.get(SCHEME, "")
    session = await sessions.load(tenant.id, token) if token else None
    if session is None or session.person_id is None:
        binding = csrf.visit_of(cookies.get(_name("askpro-visit", peer), ""), tenant.id)
        return Visitor("", None, None, binding, language, scheme)
    try:
        person = await queries.person(tenant.id, session.person_id)
        customer = await queries.customer(tenant.id, person.customer_id) if person.customer_id else None
    except NotFound:
        return Visitor("", None, None, "", language, scheme)
    return Visitor(token, person, customer, f"session:{token}", language, scheme)


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
