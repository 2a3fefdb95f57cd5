"""Stripe: checkout pages, saved methods, charges without the customer, refunds, disputes, Connect.

What is asked of Stripe is written down before it is asked, with the very parameters, so an answer that is lost can be
looked for and nothing is ever charged a second time to find out.
"""

from __future__ import annotations

from askpro_stripe.hooks import plugin

__all__ = ("plugin",)
