"""Written for an SDK that does not exist yet; importing it would already be wrong."""

from __future__ import annotations

raise AssertionError("imported although its version does not fit")
