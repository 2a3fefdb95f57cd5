"""Has no manifest."""

from __future__ import annotations

plugin = object()
