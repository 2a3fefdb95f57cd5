"""Currencies by ISO 4217, and exchange rates from the reference rates of the European Central Bank."""

from __future__ import annotations

from askpro_ecb.hooks import plugin

__all__ = ("plugin",)
