"""Has a manifest that nobody can read."""

from __future__ import annotations

raise AssertionError("imported although its manifest is broken")
