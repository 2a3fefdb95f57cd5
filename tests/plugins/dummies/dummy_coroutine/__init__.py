"""Registers with a coroutine."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    async def register_jobs(self):
        return []


plugin = Plugin()
