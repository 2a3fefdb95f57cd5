"""Declines politely to start."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    def on_ready(self, ctx):
        raise RuntimeError("the licence has run out")


plugin = Plugin()
