"""Kassenwerk as a way to pay."""

from __future__ import annotations

from askpro_kassenwerk.hooks import plugin

__all__ = ("plugin",)
