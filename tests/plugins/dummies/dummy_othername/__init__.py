"""Its manifest calls it by another name than its entry point."""

from __future__ import annotations

plugin = object()
