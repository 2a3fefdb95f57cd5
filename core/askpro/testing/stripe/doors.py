"""Who is asking: API keys, the mode they stand for, and the header Stripe-Account."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import API_VERSION, World
from askpro.testing.stripe.wire.faults import Fault, invalid

__all__ = ("admitted", "version_of")


def admitted(world: World, headers: Mapping[str, str], path: str) -> tuple[Book, str]:
    """The book a request may use, and the platform that acts in it (empty for its own). Raises Fault 401, 403."""
    key = _key(headers.get("authorization", ""))
    if not key:
        raise _stranger(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
            " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
            " details."
        )
    if key.startswith("pk_"):
        raise _stranger(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            code="secret_key_required",
        )
    if key not in world.keys:
        raise _stranger(f"Invalid API Key provided: {_masked(key)}")
    account, livemode = world.keys[key]
    if path.startswith(world.denied.get(key, ())):
        raise Fault(
            403,
            "invalid_request_error",
            f"The provided key '{_masked(key)}' does not have the required permissions for this endpoint on account"
            f" '{account}'.",
            executed=False,
        )
    other = headers.get("stripe-account", "")
    if not other or other == account:
        return world.book(account, livemode), ""
    owner = world.owners.get(other)
    if owner is None or owner.parent != account or owner.livemode != livemode or owner.thing.get("deleted"):
        raise Fault(
            403,
            "invalid_request_error",
            f"The provided key '{_masked(key)}' does not have access to account '{other}' (or that account does not"
            " exist). Application access may have been revoked.",
            executed=False,
            code="account_invalid",
        )
    return world.book(other, livemode), account


def version_of(headers: Mapping[str, str]) -> str:
    """The API version to answer in. Raises Fault for any but the one there is."""
    asked = headers.get("stripe-version", API_VERSION)
    if asked != API_VERSION:
        raise invalid(f"Invalid Stripe API version: {asked}. The stand-in answers in {API_VERSION} only.")
    return asked


def _key(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[-4:]}"


def _stranger(message: str, *, code: str | None = None) -> Fault:
    return Fault(401, "invalid_request_error", message, executed=False, code=code)
