"""Gives what is no currency."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    def register_currencies(self):
        return ["EUR"]


plugin = Plugin()
