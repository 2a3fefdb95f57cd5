"""Fixtures of the running application: see ``web_site``."""

from __future__ import annotations

from web_site import serve, site

__all__ = ("serve", "site")
