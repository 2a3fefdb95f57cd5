"""Fixtures of the running application: see ``web_site`` and ``served``."""

from __future__ import annotations

from served import served
from web_site import serve, site

__all__ = ("serve", "served", "site")
