"""Which form an error takes: problem+json for machines, a page in the tenant's look for browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from litestar import Request, Response

from askpro.errors import UnknownHost
from askpro.i18n import NEUTRAL, languages, negotiate, reader
from askpro.tenancy.model import Tenant
from askpro.web.answers import HTML, sent
from askpro.web.looks import Looks
from askpro.web.portal.frame import Site
from askpro.web.portal.views import ErrorPage, UnknownHostPage
from askpro.web.problems import PROBLEM_JSON, Problem, encode, from_exception

__all__ = ("Failures", "header", "locale_of")

log = structlog.get_logger("askpro.web")

_MACHINES = ("/api/", "/webhooks/", "/health", "/metrics")


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """The first header of that (lower case) name; empty when there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def locale_of(scope: Mapping[str, Any]) -> str:
    """The reader's language: what the session says, what the browser asks for, what the tenant speaks."""
    state = scope.get("state") or {}
    if chosen := state.get("locale"):
        return str(chosen)
    tenant: Tenant | None = state.get("tenant")
    offered = tuple(dict.fromkeys((NEUTRAL, *languages())))
    return negotiate(header(scope, b"accept-language"), offered) or (tenant.locale if tenant else NEUTRAL)


class Failures:
    """Turns exceptions into answers."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def answer(self, error: Exception, scope: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body. ``scope`` may come from before any routing."""
        state = scope.get("state") or {}
        locale, tenant = locale_of(scope), state.get("tenant")
        zone = tenant.timezone if tenant else "UTC"
        speaks = reader(locale, zone)
        problem, headers = from_exception(error, speaks.gettext, request_id=state.get("request_id", ""))
        headers |= {"Content-Language": speaks.language, "Vary": "Accept-Language, Accept"}
        if _wants_page(scope):
            try:
                body = self._page(error, problem, scope, tenant)
            except Exception as failure:  # an error page that fails must not hide the error
                log.error("the error page failed", exc_info=failure)
            else:
                return problem.status, {**headers, "Content-Type": HTML}, body
        return problem.status, {**headers, "Content-Type": PROBLEM_JSON}, encode(problem)

    def _page(self, error: Exception, problem: Problem, scope: Mapping[str, Any], tenant: Tenant | None) -> bytes:
        look = self._looks.of(tenant)
        speaks = reader(locale_of(scope), tenant.timezone if tenant else "UTC")
        site = Site(brand=look.brand)
        if isinstance(error, UnknownHost):
            host = header(scope, b"host")[:253]
            return look.theme.render("unknown_host.html", speaks, site=site, page=UnknownHostPage(host)).encode()
        # the template translates the title itself, from the message id
        title = getattr(error, "title", "") or problem.title
        # and the detail is for those who program: it is in English and speaks of our insides
        page = ErrorPage(problem.status, title, problem.request_id if problem.status >= 500 else "")
        return look.theme.render("error.html", speaks, site=site, page=page).encode()

    def handle(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Litestar's exception handler."""
        status, headers, body = self.answer(error, request.scope)
        return sent(body, headers.pop("Content-Type"), status=status, headers=headers)


def _wants_page(scope: Mapping[str, Any]) -> bool:
    """Browsers name text/html first; machines ask for JSON, for anything, or for nothing in particular."""
    return not scope["path"].startswith(_MACHINES) and "text/html" in header(scope, b"accept")
