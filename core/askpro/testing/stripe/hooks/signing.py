"""The header Stripe-Signature: ``t=…,v1=…`` over the bytes that are sent."""

from __future__ import annotations

import hmac
from hashlib import sha256

__all__ = ("signature",)


def signature(payload: bytes, secret: str, at: int) -> str:
    """The header for a payload sent at that second."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, sha256).hexdigest()
    return f"t={at},v1={signed}"
