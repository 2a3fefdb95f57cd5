"""Addresses that lead people on: which may be followed, and which stay in the house. Pure.

Whoever gives one, a browser reads it more kindly than it was meant: ``//x`` and ``/\\x`` are other sites, and a line
break in one ends a header. So what is no plain address is none at all.
"""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ("foreign_page", "own_page")

_NEVER = frozenset('\\"<>` ')


def own_page(url: str) -> bool:
    """Whether it can only lead to a page of this very host: a path, in letters that need no reading twice."""
    return _plain(url) and url.startswith("/") and not url.startswith("//")


def foreign_page(url: str) -> bool:
    """Whether it leads to a page of another site over https; plain http is for this machine alone (development)."""
    if not _plain(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    here = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    named = bool(host) and parts.username is None and url.lower().startswith(f"{parts.scheme}://")
    return named and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not _NEVER & set(url)
