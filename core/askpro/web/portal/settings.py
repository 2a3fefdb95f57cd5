"""Language, appearance and password."""

from __future__ import annotations

from litestar import Response
from litestar.datastructures import Cookie

from askpro.errors import InvalidInput, NotAuthenticated, NotFound
from askpro.i18n import languages
from askpro.people import passwords, persons, sessions
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.portal.frame import FieldError, Link, Notice, Option
from askpro.web.portal.views import SettingsPage
from askpro.web.portal.visit import Visit
from askpro.web.portal_auth import local
from askpro.web.sessions import LANGUAGE, SCHEME, kept_cookie, session_cookie

__all__ = ("CHANGES", "change_password", "set_appearance", "set_language", "show", "switch_language")

CHANGES = Policy("password", 10, 900)
"""Attempts at a password change in a quarter of an hour: the old one could be guessed here too."""


async def show(visit: Visit) -> Response[bytes]:
    """``GET /settings``."""
    notices = [Notice("ok", visit.gettext("Saved."))] if visit.query("done") == "saved" else []
    return visit.page("settings.html", _page(visit), "settings", notices=notices)


def _page(visit: Visit, errors: tuple[FieldError, ...] = ()) -> SettingsPage:
    _ = visit.gettext
    schemes = (("auto", _("Like the device")), ("light", _("Light")), ("dark", _("Dark")))
    return SettingsPage(
        email=visit.person.email,
        language_action="/settings/language",
        languages=tuple(Option(one.label, one.value, current=one.current) for one in visit.site("settings").languages),
        password_action="/settings/password",  # noqa: S106 - an address
        sign_out_action="/sign-out",
        password_minimum=passwords.LEAST,
        scheme_action="/settings/appearance",
        schemes=tuple(Option(label, value, current=value == visit.scheme) for value, label in schemes),
        errors=errors,
        notifications_url="/notifications" if visit.visitor.customer else "",
        payment_links=(Link(_("Payment methods"), "/payment-methods"), Link(_("Auto-top-up"), "/auto-topup"))
        if visit.visitor.customer
        else (),
    )


async def switch_language(visit: Visit) -> Response[bytes]:
    """``GET /language/{code}?next=…``: this browser remembers it; nothing of the account changes by a link."""
    code = str(visit.request.path_params["code"])
    if code not in languages():
        raise NotFound
    return visit.redirect(local(visit.query("next", 500)), cookies=[kept_cookie(visit.peer, LANGUAGE, code)])


async def set_language(visit: Visit) -> Response[bytes]:
    """``POST /settings/language``: for the person (letters too) and for this browser."""
    code = (await visit.form()).get("language", "")
    if code not in languages():
        raise InvalidInput(field="language")
    await persons.set_preferences(visit.tenant.id, visit.person.id, locale=code)
    return _saved(visit, kept_cookie(visit.peer, LANGUAGE, code))


async def set_appearance(visit: Visit) -> Response[bytes]:
    """``POST /settings/appearance``."""
    scheme = (await visit.form()).get("scheme", "")
    if scheme not in ("auto", "light", "dark"):
        raise InvalidInput(field="scheme")
    await persons.set_preferences(visit.tenant.id, visit.person.id, scheme="" if scheme == "auto" else scheme)
    return _saved(visit, kept_cookie(visit.peer, SCHEME, scheme))


def _saved(visit: Visit, cookie: Cookie) -> Response[bytes]:
    return visit.redirect("/settings", cookies=[cookie], done="saved")


async def change_password(visit: Visit) -> Response[bytes]:
    """``POST /settings/password``: the old one first; then every session of the person ends. Raises RateLimited."""
    form = await visit.form()
    await limits.enforce(visit.request.scope["state"], (CHANGES, str(visit.person.id)))
    error = await _change(visit, form)
    if error is not None:
        return visit.page("settings.html", _page(visit, (error,)), "settings", status=422)
    token, _ = await sessions.issue(visit.tenant.id, visit.person.id)
    return _saved(visit, session_cookie(visit.peer, token))


async def _change(visit: Visit, form: dict[str, str]) -> FieldError | None:
    _ = visit.gettext
    try:
        await persons.sign_in(visit.tenant.id, visit.person.email, form.get("current", ""))
    except NotAuthenticated:
        return FieldError("current", _("This is not your present password."))
    if form.get("new", "") != form.get("repeat", ""):
        return FieldError("repeat", _("The two new passwords differ."))
    try:
        await persons.set_password(visit.tenant.id, visit.person.id, form.get("new", ""), by=visit.actor)
    except InvalidInput as error:
        texts = {
            "password_short": _("The new password is too short."),
            "password_long": _("The new password is too long."),
            "password_common": _("This password is among the first that are tried. Please choose another one."),
        }
        return FieldError("new", texts.get(error.code, visit.gettext(error.title)))
    return None
