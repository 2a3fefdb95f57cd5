"""Has a page, but its manifest does not ask for pages."""

from __future__ import annotations

from askpro.sdk import Reply, RouteSpec, hookimpl


async def page(ctx, request):
    return Reply(b"")


class Plugin:
    @hookimpl
    def register_routes(self):
        return [RouteSpec("/page", page)]


plugin = Plugin()
