"""The portal's guard: finds the visitor, checks where a form came from, and who may enter.

Every route of the portal names its permission; every page of a plugin names its guard, which is one of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from askpro.errors import N_, Conflict, NotAllowed, NotAuthenticated
from askpro.i18n import languages, negotiate
from askpro.pluginhost.addresses import own_page
from askpro.sdk.routes import Guard
from askpro.tenancy.model import Tenant
from askpro.web import csrf, limits
from askpro.web.failures import header
from askpro.web.limits import Policy
from askpro.web.permissions import PUBLIC
from askpro.web.sessions import Visitor, visitor_of

__all__ = (
    "HANDLERS",
    "MONEY_PER_ADDRESS",
    "MONEY_PER_TENANT",
    "ROLES",
    "SIGN_IN",
    "STRANGERS",
    "SignInNeeded",
    "WalletMissing",
    "guard",
    "local",
    "plugin_guards",
    "to_sign_in",
)

SIGN_IN = "/sign-in"
ROLES: Mapping[str, frozenset[str]] = {
    PUBLIC: frozenset({"", "customer", "staff", "operator"}),
    "person": frozenset({"customer", "staff", "operator"}),
    "customer": frozenset({"customer"}),
    "staff": frozenset({"staff", "operator"}),
    "operator": frozenset({"operator"}),
}
"""The role matrix: permission → who has it; the empty role is somebody who has not signed in."""

STRANGERS = Policy("strangers", 240)
"""Requests a minute from one address to pages that need no sign-in of plugins."""
MONEY_PER_ADDRESS = Policy("money", 300)
MONEY_PER_TENANT = Policy("money-tenant", 12_000)
"""Requests a minute to pages on which money is moved, or how it will be, and to plugins' pages for those who have
signed in: from one address to one tenant, and to the tenant altogether. An office behind one address is many people."""
_MONEY = re.compile(r"/(?:topup|payment-methods|auto-topup|notifications|transactions|calls|staff|x)(?:[/.]|$)")
_SAFE = frozenset({"GET", "HEAD"})


class SignInNeeded(NotAuthenticated):
    """Nobody has signed in, or the session has ended."""


class WalletMissing(Conflict):
    """This customer has no wallet, so there is nothing to show or to move: somebody has to look at the account."""

    code = "wallet_missing"
    title = N_("Your account is not set up completely. Please contact us.")


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """For the portal's own routes. Raises SignInNeeded, NotAllowed, CsrfRefused."""
    await _enter(connection, handler.opt["permission"])


async def _enter(connection: ASGIConnection[Any, Any, Any, Any], permission: str) -> None:
    scope: Any = connection.scope
    state: dict[str, Any] = scope["state"]
    tenant: Tenant = state["tenant"]
    if _MONEY.match(scope["path"]):
        address = f"{tenant.id}:{state['peer'].address}"
        await limits.enforce(state, (MONEY_PER_ADDRESS, address), (MONEY_PER_TENANT, str(tenant.id)))
    visitor = await visitor_of(tenant, state["peer"], connection.cookies)
    state["visitor"] = visitor
    state["locale"] = _locale(visitor, tenant, scope)
    if visitor.role not in ROLES[permission]:
        raise NotAllowed(code="role_missing") if visitor.person else SignInNeeded
    if permission == "customer" and visitor.customer is None:
        raise WalletMissing
    if scope["method"] not in _SAFE:
        csrf.check_origin(scope)
        # Litestar keeps the form it has read, so the handler gets it too
        form = await Request(scope, connection.receive).form()
        sent = form.get(csrf.FIELD)
        csrf.check_token(sent if isinstance(sent, str) else "", tenant.id, visitor.binding)


def _locale(visitor: Visitor, tenant: Tenant, scope: Mapping[str, Any]) -> str:
    """Chosen here · the person's · the customer's · what the browser asks for · the house's."""
    offered = languages()
    chosen = (visitor.language, visitor.person.locale if visitor.person else "",
              visitor.customer.locale if visitor.customer else "")  # fmt: skip
    for wish in chosen:
        if wish and wish.replace("-", "_").partition("_")[0] in offered:
            return wish
    return negotiate(header(scope, b"accept-language"), offered) or tenant.locale


def plugin_guards() -> Mapping[Guard, Sequence[Any]]:
    """What stands behind each guard a plugin's page can name."""

    def entering(permission: str) -> Any:
        async def enter(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
            del handler
            await _enter(connection, permission)

        return enter

    async def stranger(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        # such a page checks something better itself (a signature), so there is no form of ours behind it
        del handler
        state: dict[str, Any] = connection.scope["state"]
        await limits.enforce(state, (STRANGERS, state["peer"].address))
        visitor = await visitor_of(state["tenant"], state["peer"], connection.cookies)
        state["visitor"] = visitor
        state["locale"] = _locale(visitor, state["tenant"], connection.scope)

    return {
        Guard.CUSTOMER: [entering("customer")],
        Guard.STAFF: [entering("staff")],
        Guard.OPERATOR: [entering("operator")],
        Guard.ANYONE: [stranger],
    }


def local(url: str, default: str = "/") -> str:
    """``url`` if it can only lead to a page of this host, else ``default``."""
    return url if own_page(url) and len(url) <= 500 else default


def to_sign_in(request: Request[Any, Any, Any], _: Exception) -> Response[bytes]:
    """Litestar's handler for SignInNeeded: the sign-in page, and afterwards back to the page that was asked for."""
    wanted = request.scope["path"]
    if query := request.scope["query_string"].decode("latin-1"):
        wanted += f"?{query}"
    if request.method not in _SAFE or wanted == "/":
        wanted = ""
    target = f"{SIGN_IN}?next={quote(local(wanted, ''), safe='')}" if local(wanted, "") else SIGN_IN
    return Response(b"", status_code=303, media_type="text/html", headers={"Location": target})


HANDLERS: dict[int | type[Exception], Any] = {SignInNeeded: to_sign_in}
"""For the application's ``exception_handlers``: plugins' pages lead to the sign-in too."""
