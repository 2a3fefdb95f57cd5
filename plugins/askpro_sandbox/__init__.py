"""A payment provider with a checkout page of its own and no money behind it.

For development, demos and tests: everything that a real provider may do to us can be chosen on the page. It does
not load in production.
"""

from __future__ import annotations

from askpro_sandbox.hooks import plugin

__all__ = ("plugin",)
