"""Asks for a capability that there is not."""

from __future__ import annotations

plugin = object()
