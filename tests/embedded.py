"""What the fixtures and the tests that start processes both need to know of the embedded server."""

from __future__ import annotations

__all__ = ("APP_PASSWORD",)

APP_PASSWORD = "app-test-password"
"""Of ``askpro_app`` on a throw-away server on loopback."""
