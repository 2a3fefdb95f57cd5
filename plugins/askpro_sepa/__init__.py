"""SEPA direct debit by the reseller's own bank: mandates, collections, pain.008 out, camt.053 and pain.002 in.

There is no payment service behind it. What is owed is queued with a day, staff write a file and hand it to their bank,
and what the bank then reports decides; the plugin's own tables are the only books about it.
"""

from __future__ import annotations

from askpro_sepa.hooks import plugin

__all__ = ("plugin",)
