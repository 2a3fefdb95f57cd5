"""Misspells a hook."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    def top_of_pgae(self, ctx, page):
        return "never seen"


plugin = Plugin()
