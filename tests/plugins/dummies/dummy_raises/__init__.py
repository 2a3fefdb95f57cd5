"""Fails while it registers, after it has given a provider's neighbour: nothing of it may stay."""

from __future__ import annotations

from askpro.sdk import Currency, hookimpl


class Plugin:
    @hookimpl
    def register_currencies(self):
        return [Currency("QQQ", "Half a currency", 2)]

    @hookimpl
    def register_jobs(self):
        raise RuntimeError("no jobs today")


plugin = Plugin()
