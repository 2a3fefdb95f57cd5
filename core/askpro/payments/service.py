"""The verbs of payments in one place."""

from __future__ import annotations

from askpro.payments.endpoints import connect_endpoint, onboarding_link
from askpro.payments.inbox import accept, emit_from_plugin, process, receive, replay, replay_all
from askpro.payments.settle import apply, refresh
from askpro.payments.topup import begin_checkout, bounds, create_order

__all__ = (
    "accept",
    "apply",
    "begin_checkout",
    "bounds",
    "connect_endpoint",
    "create_order",
    "emit_from_plugin",
    "onboarding_link",
    "process",
    "receive",
    "refresh",
    "replay",
    "replay_all",
)
