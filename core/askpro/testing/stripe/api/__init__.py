"""The operations of Stripe's API that the stand-in has; importing this registers them."""

from __future__ import annotations

from askpro.testing.stripe.api import (
    accounts,
    application_fees,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payouts,
    portal,
    refunds,
    setup_intents,
    transfers,
    webhook_endpoints,
)

__all__ = (
    "accounts",
    "application_fees",
    "balance",
    "charges",
    "checkout",
    "customers",
    "disputes",
    "events",
    "payment_intents",
    "payment_methods",
    "payouts",
    "portal",
    "refunds",
    "setup_intents",
    "transfers",
    "webhook_endpoints",
)
