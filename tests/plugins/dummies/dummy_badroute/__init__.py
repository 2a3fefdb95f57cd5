"""Has a page whose address the web framework refuses."""

from __future__ import annotations

from askpro.sdk import Reply, RouteSpec, hookimpl


async def one(ctx, request):
    return Reply(b"one")


async def two(ctx, request):
    return Reply(b"two")


class Plugin:
    @hookimpl
    def register_routes(self):
        return [RouteSpec("/fine", one), RouteSpec("/{id:int}/{id:int}", two)]


plugin = Plugin()
