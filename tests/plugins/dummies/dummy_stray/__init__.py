"""Has tables."""

from __future__ import annotations

plugin = object()
