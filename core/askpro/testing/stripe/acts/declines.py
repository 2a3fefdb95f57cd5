"""What an error says when a bank declines."""

from __future__ import annotations

import copy
from typing import Any

from askpro.testing.stripe.state.cards import Decline
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("card_fault", "last_error")


def last_error(decline: Decline, method: Obj, charge: str | None = None) -> Obj:
    """The error as an intent remembers it."""
    error = {
        "advice_code": decline.advice,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "network_decline_code": decline.network,
        "payment_method": copy.deepcopy(method),
        "type": "card_error",
    }
    if charge:
        error["charge"] = charge
    return error


def card_fault(decline: Decline, **more: Any) -> Fault:
    """The error as an answer: 402, with the intent beside it where there is one."""
    return Fault(
        402,
        "card_error",
        decline.message,
        code=decline.code,
        decline_code=decline.decline_code,
        advice_code=decline.advice,
        network_decline_code=decline.network,
        **more,
    )
