"""Payment providers: what is on offer, and one of them with its settings, its state and its latest events."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response

from askpro.pluginhost.service import settings_form
from askpro.web.portal.frame import FieldError, Notice
from askpro.web.portal.visit import Visit
from askpro.web.staff import events
from askpro.web.staff.findings import findings
from askpro.web.staff.provider_facts import PATH, host_of, known, payouts, plugin_pages, ref_of, setting_rows, url_of
from askpro.web.staff.provider_views import ProviderPage, ProviderRow, ProvidersPage

__all__ = ("index", "render", "show")


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/providers``; ``done``: an event of a provider that has no page any more is tried again."""
    rows = tuple(
        ProviderRow(one.title, one.summary, url_of(one.view.id), one.badges(),
                    one.trouble(visit) if one.view.enabled else "")
        for one in await known(visit)
    )  # fmt: skip
    done = visit.query("done", 10) == "replayed"
    notices = [Notice("ok", visit.gettext("The event is tried again."))] if done else []
    return visit.page("staff/providers.html", ProvidersPage(rows, plugin_pages(visit)), "providers", notices=notices)


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff/providers/{plugin}``; ``check=1`` also tries the saved settings out. Raises NotFound."""
    _, done = visit.gettext, visit.query("done", 20)
    said = {
        "on": Notice("ok", _("Switched on. Customers can choose it now.")),
        "off": Notice("ok", _("Switched off. Payments that were begun are still followed to their end.")),
        "saved": Notice("ok", _("Saved.")),
        "endpoint": Notice("ok", _("The provider now reports to us, and its signing secret has been saved.")),
        "replayed": Notice("ok", _("The event is tried again.")),
        "back": Notice("info", _("You are back from the provider. The check shows whether anything is still missing.")),
        "again": Notice("warn", _("The provider's page is no longer valid. Please press the button once more.")),
    }
    notices = [said[done]] if done in said else []
    return await render(visit, str(visit.request.path_params["plugin"]), notices=notices)


async def render(
    visit: Visit,
    plugin: str,
    *,
    typed: Mapping[str, str] | None = None,
    errors: tuple[FieldError, ...] = (),
    notices: list[Notice] | None = None,
) -> Response[bytes]:
    """The page; ``typed`` is what a refused settings form held. Raises NotFound."""
    (one,) = await known(visit, plugin)
    fields = await settings_form(host_of(visit), ref_of(visit), plugin)
    page = ProviderPage(
        title=one.title,
        summary=one.summary,
        back_url=PATH,
        badges=one.badges(),
        enabled=one.view.enabled,
        ready=one.view.ready,
        switch_action=url_of(plugin, "switch"),
        settings_action=url_of(plugin, "settings"),
        settings=setting_rows(visit, plugin, fields, typed),
        ways=one.ways(visit),
        check_url=f"{url_of(plugin)}?check=1",
        events=await events.rows(visit, one.keys),
        events_url=url_of(plugin, "events"),
        payouts=await payouts(visit, one),
        findings=await findings(visit, one.keys) if visit.query("check", 1) else None,
        pages=plugin_pages(visit, plugin),
        errors=errors,
    )
    return visit.page("staff/provider.html", page, "providers", status=422 if errors else 200, notices=notices or ())
