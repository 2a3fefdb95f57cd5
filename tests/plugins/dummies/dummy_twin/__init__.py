"""Gives a currency of its own and then one that somebody else has given."""

from __future__ import annotations

from askpro.sdk import Currency, hookimpl


class Plugin:
    @hookimpl
    def register_currencies(self):
        return [Currency("QQT", "The twin's own", 2), Currency("QQG", "The good one's", 0)]


plugin = Plugin()
