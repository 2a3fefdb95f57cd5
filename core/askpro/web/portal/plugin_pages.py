"""Plugins' pages in the tenant's look: what the plugin host needs to know of a request, and how it draws."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader
from litestar import Request
from markupsafe import Markup, escape

from askpro.pluginhost import Host, PageScope
from askpro.sdk.context import TenantRef
from askpro.web import csrf
from askpro.web.portal.visit import Visit
from askpro.web.theme.environment import Theme

__all__ = ("PluginPages",)


class PluginPages:
    """For one application: ``host.routers(plugin_guards(), PluginPages(host).scope)``."""

    def __init__(self, host: Host) -> None:
        self._folders: Mapping[str, Path] = host.folders("templates")
        self._made: dict[int, Environment] = {}

    async def scope(self, request: Request[Any, Any, Any]) -> PageScope:
        """What the plugin's page is told. After one of the portal's guards."""
        visit = await Visit.arrive(request)
        visitor = visit.visitor
        actor = f"{visitor.role}:{visitor.person.id}" if visitor.person is not None else "anyone"
        site = visit.site("topup" if visitor.customer else None)
        hidden = Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, escape(site.csrf))

        def render(template: str, values: Mapping[str, Any]) -> str:
            page = self._environment(visit.look.theme).get_template(template)
            return page.render(reader=visit.reader, site=site, **values)

        return PageScope(
            tenant=TenantRef(visit.tenant.id, visit.tenant.slug),
            actor=actor,
            locale=visit.reader.locale,
            customer=str(visitor.customer.id) if visitor.customer else "",
            address=visit.peer.address,
            csrf_input=hidden,
            render=render,
        )

    def _environment(self, theme: Theme) -> Environment:
        """The theme's, which also finds plugins' templates: what the theme has comes first."""
        made = self._made.get(id(theme))
        if made is None:
            own = theme.environment.loader
            loaders: list[BaseLoader] = [own] if own is not None else []
            loaders += [FileSystemLoader(folder) for folder in self._folders.values()]
            made = theme.environment.overlay(loader=ChoiceLoader(loaders))
            made.globals = theme.environment.globals
            self._made[id(theme)] = made
        return made
