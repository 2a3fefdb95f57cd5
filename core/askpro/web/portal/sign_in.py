"""Signing in and out. One answer for every wrong attempt; attempts are counted by address and by account."""

from __future__ import annotations

from litestar import Response

from askpro.errors import NotAuthenticated
from askpro.people import persons, sessions
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.portal.frame import FieldError, Notice
from askpro.web.portal.rooms import home_of
from askpro.web.portal.views import SignInPage
from askpro.web.portal.visit import Visit
from askpro.web.portal_auth import SIGN_IN, local
from askpro.web.sessions import role_of, session_cookie, visit_cookie

__all__ = ("BY_ACCOUNT", "BY_ADDRESS", "BY_TENANT", "enter", "leave", "show")

BY_ADDRESS = Policy("sign-in", 30, 900)
BY_ACCOUNT = Policy("sign-in-account", 20, 900)
BY_TENANT = Policy("sign-in-tenant", 3_000, 900)
"""Attempts in a quarter of an hour. The tenant's own is wide: a stranger must not lock everybody out."""


async def show(visit: Visit) -> Response[bytes]:
    """``GET /sign-in``."""
    wanted = local(visit.query("next", 500))
    if visit.visitor.person is not None:
        return visit.redirect(wanted if wanted != "/" else visit.home)
    notices = []
    if visit.query("done") == "sign-out":
        notices.append(Notice("ok", visit.gettext("You have signed out.")))
    page = SignInPage(SIGN_IN, next_url=wanted if wanted != "/" else "")
    return visit.page("sign_in.html", page, notices=notices)


async def enter(visit: Visit) -> Response[bytes]:
    """``POST /sign-in``. Raises RateLimited."""
    form = await visit.form()
    email, wanted = form.get("email", "").strip()[:254], local(form.get("next", ""))
    state = visit.request.scope["state"]
    account = f"{visit.tenant.id}:{email.lower()}"
    await limits.enforce(
        state, (BY_ADDRESS, visit.peer.address), (BY_ACCOUNT, account), (BY_TENANT, str(visit.tenant.id))
    )
    try:
        person = await persons.sign_in(visit.tenant.id, email, form.get("password", ""))
    except NotAuthenticated:
        wrong = FieldError("email", visit.gettext("The email address or the password is wrong."))
        page = SignInPage(SIGN_IN, email, wanted if wanted != "/" else "", (wrong,))
        return visit.page("sign_in.html", page, status=422)
    # always a new one, whatever the browser brought along; what it brought is worth nothing any more
    token, _ = await sessions.rotate(visit.tenant.id, visit.visitor.token, person.id, {})
    cookies = [session_cookie(visit.peer, token), visit_cookie(visit.peer, "")]
    return visit.redirect(wanted if wanted != "/" else home_of(role_of(person)), cookies=cookies)


async def leave(visit: Visit) -> Response[bytes]:
    """``POST /sign-out``: the session ends here, or with ``everywhere`` all sessions of the person do."""
    form = await visit.form()
    if form.get("everywhere"):
        await sessions.revoke_all(visit.tenant.id, visit.person.id)
    await sessions.revoke(visit.tenant.id, visit.visitor.token)
    return visit.redirect(SIGN_IN, cookies=[session_cookie(visit.peer, "")], done="sign-out")
