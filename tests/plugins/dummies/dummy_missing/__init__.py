"""Cannot be imported: something it needs is not installed."""

from __future__ import annotations

import a_library_that_is_not_there  # noqa: F401

plugin = object()
