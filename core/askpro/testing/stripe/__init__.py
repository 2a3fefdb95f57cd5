"""A stateful stand-in for Stripe: an ASGI application with a hand for everything that happens outside of its API.

    standin = StripeStandIn(seed=7)
    client = standin.client()                      # stripe-python, asynchronous
    session = await client.v1.checkout.sessions.create_async({...})
    standin.pay(session.id, "pm_card_visa")        # or a browser at session.url
    await standin.deliver_due()                    # events, signed, to the registered endpoints

It answers in API version 2026-05-27.dahlia. ``python -m askpro.testing.stripe --port 12111`` serves it by itself.
"""

from __future__ import annotations

from askpro.testing.stripe.chaos import Chaos
from askpro.testing.stripe.hooks.delivery import Sent
from askpro.testing.stripe.hooks.signing import signature
from askpro.testing.stripe.standin import StripeStandIn
from askpro.testing.stripe.state.world import API_VERSION, Keys
from askpro.testing.stripe.wire.faults import Fault

__all__ = ("API_VERSION", "Chaos", "Fault", "Keys", "Sent", "StripeStandIn", "signature")
