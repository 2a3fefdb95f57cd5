"""Forgets to mark a hook."""

from __future__ import annotations


class Plugin:
    def top_of_page(self, ctx, page):
        return "never seen"


plugin = Plugin()
