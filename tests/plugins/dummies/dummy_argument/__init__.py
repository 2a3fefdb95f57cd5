"""Asks a hook for an argument that it does not have."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    def top_of_page(self, ctx, colour):
        return colour


plugin = Plugin()
