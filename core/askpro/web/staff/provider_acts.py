"""What staff can do with a payment provider: switch, set up, have the events delivered, register an account."""

from __future__ import annotations

from litestar import Response

from askpro import db
from askpro.errors import InvalidInput, NotFound
from askpro.payments import endpoints
from askpro.pluginhost.service import disable, enable, save_settings
from askpro.tenancy import audit
from askpro.web.portal.frame import FieldError
from askpro.web.portal.leaving import onward
from askpro.web.portal.visit import Visit
from askpro.web.staff.provider_facts import Known, host_of, known, ref_of, url_of
from askpro.web.staff.providers import render

__all__ = ("connect", "register", "save", "switch")


async def _asked(visit: Visit) -> Known:
    """The plugin of the address. Raises NotFound."""
    (found,) = await known(visit, str(visit.request.path_params["plugin"]))
    return found


async def switch(visit: Visit) -> Response[bytes]:
    """``POST …/switch``: field ``on`` is 1 or 0. What its settings lack is said at the form."""
    plugin = (await _asked(visit)).view.id
    on = (await visit.form()).get("on") == "1"
    try:
        async with db.unit(visit.tenant.id):
            do = enable if on else disable
            await do(host_of(visit), ref_of(visit), plugin, by=_by(visit))
            await audit.record(visit.tenant.id, visit.actor, "plugin.enabled" if on else "plugin.disabled", plugin)
    except InvalidInput as error:
        return await render(visit, plugin, errors=(_fault(visit, error),))
    return visit.redirect(url_of(plugin), done="on" if on else "off")


async def save(visit: Visit) -> Response[bytes]:
    """``POST …/settings``: a secret left blank keeps its old value."""
    plugin, sent = (await _asked(visit)).view.id, await visit.form()
    try:
        async with db.unit(visit.tenant.id):
            await save_settings(host_of(visit), ref_of(visit), plugin, sent, by=_by(visit))
            await audit.record(visit.tenant.id, visit.actor, "plugin.settings", plugin)
    except InvalidInput as error:
        return await render(visit, plugin, typed=sent, errors=(_fault(visit, error),))
    return visit.redirect(url_of(plugin), done="saved")


async def connect(visit: Visit) -> Response[bytes]:
    """``POST …/endpoint``: the provider is told our address; field ``key`` says which of the plugin's providers."""
    one, key = await _key(visit)
    try:
        await endpoints.connect_endpoint(visit.tenant, key, by=visit.actor)
    except InvalidInput as error:
        return await render(visit, one.view.id, errors=(_fault(visit, error),))
    return visit.redirect(url_of(one.view.id), done="endpoint")


async def register(visit: Visit) -> Response[bytes]:
    """``POST …/onboarding``: on to the page on which the provider gets to know the reseller."""
    one, key = await _key(visit)
    here = f"{visit.origin()}{url_of(one.view.id)}"
    try:
        url = await endpoints.onboarding_link(
            visit.tenant, key, f"{here}?done=back&check=1", f"{here}?done=again", by=visit.actor
        )
    except InvalidInput as error:
        return await render(visit, one.view.id, errors=(_fault(visit, error),))
    text = visit.gettext(
        "%(provider)s asks for your company's data on a page of its own. Afterwards you come back here."
    )
    return onward(visit, one.title, url, url_of(one.view.id), room="providers", text=text % {"provider": one.title})


async def _key(visit: Visit) -> tuple[Known, str]:
    one, key = await _asked(visit), (await visit.form()).get("key", "")
    if key not in one.keys:
        raise NotFound(code="provider_unknown")
    return one, key


def _by(visit: Visit) -> str:
    return f"{visit.visitor.role}:{visit.person.id}"


def _fault(visit: Visit, error: InvalidInput) -> FieldError:
    """What is wrong, at its field; what concerns the form as a whole, at the form."""
    _ = visit.gettext
    if error.code == "setting_missing":
        return FieldError(error.field or "settings", _("This is needed."))
    if error.code == "setting_invalid" and error.field:
        return FieldError(error.field, _("This cannot be accepted: %(detail)s") % {"detail": error.detail})
    if error.code == "setting_invalid":
        return FieldError("settings", _("The settings do not fit together: %(detail)s") % {"detail": error.detail})
    return FieldError(error.field or "settings", error.detail or _(error.title))
