"""Hangs while it registers."""

from __future__ import annotations

import threading

from askpro.sdk import hookimpl


class Plugin:
    @hookimpl
    def register_jobs(self):
        threading.Event().wait()


plugin = Plugin()
