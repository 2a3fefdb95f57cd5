"""Wraps a hook, and so could swallow what others say."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl(wrapper=True)
    def top_of_page(self, ctx, page):
        yield
        return []


plugin = Plugin()
